const RDR =
  /\brdr\s+(?:pass\s+)?(?:log\s+)?(?:on\s+(\S+)\s+)?(?:inet6?\s+)?proto\s+(tcp|udp)\s+from\s+(\S+)\s+to\s+(\S+)\s+port\s+=?\s*([\d:]+)\s+->\s+([\da-f.:]+)(?:\s+port\s+([\d:]+))?/g;
const NAT = /\bnat\s+(?:pass\s+)?(?:on\s+(\S+)\s+)?(?:inet6?\s+)?from\s+(\S+)\s+to\s+\S+\s+->/g;

/** pf.conf(5) names interfaces by themselves or in parentheses, and groups of them with a macro. */
const plainName = (name: string | undefined): string | null =>
  name !== undefined && /^[\w.-]+$/.test(name) ? name : null;

const isAddress = (text: string): boolean => /^[\da-f.:]+(?:\/\d+)?$/.test(text);

/** The statements of jail.conf(5) for the rdr, nat and block rules of pf.conf(5) in a command; none for others. */
export function readPfRules(command: string): readonly string[] {
  const redirects = [...command.matchAll(RDR)].map(
    ([, on, protocol, from = '', to = '', host = '', , jail = host]) => {
      const address = isAddress(to) && !to.includes('/') ? `${to.includes(':') ? `[${to}]` : to}:` : '';
      const ports = jail === host ? range(host) : `${range(host)} ${range(jail)}`;
      const source = isAddress(from) ? ` from ${from}` : '';
      const link = plainName(on) === null ? '' : ` on ${on}`;
      return `rdr += "${protocol} ${address}${ports}${source}${link}";`;
    },
  );
  const masquerades = [...command.matchAll(NAT)].map(([, on]) =>
    plainName(on) === null ? 'nat;' : `nat = "on ${on}";`,
  );
  const walls = /\bblock\s+(?:in|out|drop|return|log|quick|from|all)\b/.test(command) ? ['isolate;'] : [];
  return [...new Set([...redirects, ...masquerades, ...walls])];
}

const range = (ports: string): string => ports.replace(':', '-');
