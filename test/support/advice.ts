import { judge } from '../../src/config/finding.js';
import { adviseOn } from '../../src/plan/advice/advice.js';
import type { HostView } from '../../src/plan/host-view.js';
import { compileText } from './compile-text.js';
import { fakeHost, type Files } from './fake-host-view.js';

/** A root in which /bin/sh runs and there is nothing else. */
export const ROOT: Files = { '/j/x/bin/sh': 'a program', '/j/x/etc/passwd': 'root:x:0:0\nwww:x:80:80' };

/** What is said of a text on a host beside the mistakes of the text itself: FILE:LINE:COL SEVERITY MESSAGE [CODE]. */
export function adviceOn(text: string, files: Files, more: Partial<HostView> = {}): readonly string[] {
  const compiled = compileText(text);
  const own = new Set(compiled.diagnostics);
  return judge(compiled, adviseOn(compiled.jails, fakeHost(files, more)))
    .diagnostics.filter((one) => !own.has(one))
    .map(({ span, severity, code, message }) => {
      const file = span?.file === 'jail.conf' ? '' : `${span?.file}:`;
      return `${file}${span?.line}:${span?.column} ${severity}: ${message} [${code}]`;
    });
}

/** The same for the jail x with the root above, whose other parameters are given. */
export function adviceOnX(body: string, files: Files = {}, more: Partial<HostView> = {}): readonly string[] {
  return adviceOn(`x { path = /j/x; persist;\n${body} }`, { ...ROOT, ...files }, more);
}
