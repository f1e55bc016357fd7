import type { StepName } from '../plan/step.js';
import { whileItLives } from './begun.js';
import type { Firewall } from './firewall.js';
import type { Executors, JailerHandle, Launch } from './host.js';
import { lendInterfaces, takeBackInterfaces } from './lent.js';
import { nameNetworkNamespace, unnameNetworkNamespace } from './netns.js';
import { attachNetwork, attachWhenFree, changeNetwork, detachNetwork } from './network.js';
import { changeRates, clearRates, setRates } from './rates.js';
import { areLimitsThere, isNamespaceNamed, isNetworkThere } from './standing.js';
import type { StepListener } from './step-listener.js';
import type { SysctlLedger } from './sysctl-ledger.js';

/** The steps that are about a jail's network. */
type NetworkStep = Extract<
  StepName,
  'netns.name' | 'network.attach' | 'network.limit' | 'firewall.set' | 'interfaces.lend'
>;

/** The jailer of a launch. */
export function jailerOf(launch: Launch): JailerHandle {
  if (launch.jailer === null)
    throw new Error(`${launch.jail}: a step needs the jailer before it was spawned`);
  return launch.jailer;
}

/** What does the steps of the network on the real machine. */
export function networkExecutors(
  listener: StepListener,
  firewall: Firewall,
  ledger: SysctlLedger,
): Pick<Executors, NetworkStep> {
  const tell = (jail: string, warnings: readonly string[]): void => {
    for (const warning of warnings) listener.warn(`${jail}: ${warning}`);
  };
  return {
    'netns.name': {
      run: ({ args }, launch) => {
        const jailer = jailerOf(launch);
        return whileItLives(jailer, () => nameNetworkNamespace(args.path, jailer.initPid));
      },
      undo: ({ args }) => unnameNetworkNamespace(args.path),
      stands: ({ args }) => isNamespaceNamed(args.path),
    },
    'network.attach': {
      run: ({ args }, launch) => {
        const jailer = jailerOf(launch);
        return whileItLives(jailer, () => {
          if (args.attachment.kind === 'routed')
            return tell(launch.jail, attachNetwork(args, jailer, ledger));
          return attachWhenFree(args, jailer, ledger).then((warnings) => tell(launch.jail, warnings));
        });
      },
      stands: ({ args }, netns) => isNetworkThere(args, netns, ledger),
      undo: ({ args }) => detachNetwork(args, ledger),
      change: async (before, after, launch) =>
        tell(launch.jail, await changeNetwork(before.args, after.args, jailerOf(launch), ledger)),
    },
    'network.limit': {
      run: ({ args }, launch) => setRates(args, launch.jailer),
      stands: ({ args }) => areLimitsThere(args),
      undo: ({ args }, launch) => clearRates(args, launch.jailer),
      change: (before, after, launch) => changeRates(before.args, after.args, launch.jailer),
    },
    'firewall.set': {
      ahead: ({ args }) => firewall.begin(args),
      run: ({ args }) => firewall.set(args),
      undo: ({ args }) => firewall.remove(args.jail),
      change: (_before, { args }) => firewall.set(args),
    },
    'interfaces.lend': {
      run: ({ args }, launch) => {
        const jailer = jailerOf(launch);
        return whileItLives(jailer, () => lendInterfaces(args, jailer));
      },
      undo: ({ args }) => takeBackInterfaces(args),
    },
  };
}
