import { constants } from 'node:os';
import { encodeAttributes, NLM_F_CREATE, type Request } from './netlink-message.js';

/*
 * ::1 as a local address on a link that is not lo. For packets that the packet filter has given that address on their
 * way in; the kernel drops those that come with it (RFC 4291 2.5.3). rtnetlink(7), linux/rtnetlink.h.
 */

const { ESRCH, ENODEV, EEXIST, EACCES } = constants.errno;
const [NEWROUTE, DELROUTE] = [24, 25];
const [AF_INET6, FULL_LENGTH, TABLE_LOCAL, PROTOCOL_STATIC, LOCAL] = [10, 128, 255, 4, 2];
const [RTA_DST, RTA_OIF, RTA_PRIORITY] = [1, 4, 6];
/** The route over lo has metric 0, and stays the first. */
const METRIC = 2048;

/** struct rtmsg and attributes. */
function body(index: number): Buffer {
  const header = Buffer.of(AF_INET6, FULL_LENGTH, 0, 0, TABLE_LOCAL, PROTOCOL_STATIC, 0, LOCAL, 0, 0, 0, 0);
  const address = Buffer.alloc(16);
  address[15] = 1;
  const attributes = encodeAttributes([
    [RTA_DST, address],
    [RTA_OIF, index],
    [RTA_PRIORITY, METRIC],
  ]);
  return Buffer.concat([header, attributes]);
}

/** Makes the host take packets to ::1 from a link. Once more is fine, and so is a link without IPv6, where none come from. */
export function addLoopbackRoute(index: number): Request {
  // With NLM_F_EXCL the kernel takes it for one link only.
  const flags = NLM_F_CREATE;
  const tolerates = [EEXIST, EACCES];
  return { step: 'add route', subject: '::1', type: NEWROUTE, flags, body: body(index), tolerates };
}

/** Takes addLoopbackRoute() back. One that is gone already is fine. */
export function deleteLoopbackRoute(index: number): Request {
  const tolerates = [ESRCH, ENODEV];
  return { step: 'take route', subject: '::1', type: DELROUTE, flags: 0, body: body(index), tolerates };
}
