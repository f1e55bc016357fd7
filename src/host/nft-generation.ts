import { NetlinkSocket } from './netlink.js';
import { decodeAttributes } from './netlink-message.js';
import { netlinkSocket, NETLINK_NETFILTER } from './libc/sockets.js';

/** NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN, NFTA_GEN_ID. linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h. */
const GETGEN = (10 << 8) | 16;
const GEN_ID = 1;
/** struct nfgenmsg, for no family in particular. */
const ANY = Buffer.alloc(4);

/**
 * How often tables of nftables have been changed in this network namespace, by whomever: each transaction counts for one.
 * Null where the kernel can't tell, as without nftables.
 */
export function nftGeneration(): number | null {
  try {
    const socket = new NetlinkSocket(netlinkSocket(NETLINK_NETFILTER));
    try {
      const [answers] = socket.request([
        { step: 'nft-generation', subject: 'nftables', type: GETGEN, flags: 0, body: ANY },
      ]);
      return (
        decodeAttributes(answers?.[0]?.subarray(ANY.length) ?? ANY)
          .get(GEN_ID)
          ?.readUInt32BE(0) ?? null
      );
    } finally {
      socket.close();
    }
  } catch {
    return null;
  }
}
