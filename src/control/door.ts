/** What the door keeps of a connection. */
export interface Guest {
  readonly uid: number;
  /** Whether its request has come: those that only hold a place are the first to lose it. */
  readonly isHeard: boolean;
  /** Ends the connection with a word. */
  giveWay(): void;
}

export interface Places {
  /** Of root, of each other user, and of all other users together. */
  readonly root: number;
  readonly user: number;
  readonly others: number;
}

/** Root's own are for hosts with a thousand jails on which a thousand clients wait. */
const PLACES: Places = { root: 1024, user: 32, others: 256 };

/**
 * Who may have a connection while many want one: nobody can take the places of others, nor of root, and a client that
 * has not said what it wants makes room for one that may.
 */
export class Door {
  readonly #guests = new Set<Guest>();
  readonly #places: Places;

  constructor(places: Places = PLACES) {
    this.#places = places;
  }

  /** Whether there is a place for one more of this user. Somebody who only holds one may lose it. */
  hasPlaceFor(uid: number): boolean {
    const own = this.#those((guest) => guest.uid === uid);
    if (uid === 0) return this.#makeRoom(own, this.#places.root);
    const others = this.#those((guest) => guest.uid !== 0);
    return this.#makeRoom(own, this.#places.user) && this.#makeRoom(others, this.#places.others);
  }

  enter(guest: Guest): void {
    this.#guests.add(guest);
  }

  leave(guest: Guest): void {
    this.#guests.delete(guest);
  }

  /** In the order in which they came. */
  #those(are: (guest: Guest) => boolean): readonly Guest[] {
    return [...this.#guests].filter(are);
  }

  #makeRoom(among: readonly Guest[], places: number): boolean {
    if (among.length < places) return true;
    const idle = among.find(({ isHeard }) => !isHeard);
    if (idle === undefined) return false;
    this.#guests.delete(idle);
    idle.giveWay();
    return true;
  }
}
