import type { Source } from '../../config/syntax/source.js';
import { parseJson, type Json } from './json.js';
import type { ParsedProfile } from './profile.js';
import { ProfileReader } from './reader.js';

/** Whether a policy's text is a profile in JSON, and not in the words of etc/seccomp/default.policy. */
export const isProfile = ({ file, text }: Source): boolean => file.endsWith('.json') || /^\s*[{[]/.test(text);

/** The object itself, or that of a whole config.json of the OCI runtime specification. */
function seccompOf(root: Json): Json {
  const linux = root.kind === 'object' ? root.members.get('linux') : undefined;
  const own = linux?.kind === 'object' ? linux.members.get('seccomp') : undefined;
  return own ?? root;
}

/** Reads a profile. Every mistake is told, but of a text that is no JSON the first alone. */
export function parseProfile(source: Source): ParsedProfile {
  const root = parseJson(source);
  if (!('kind' in root)) return { profile: null, mistakes: [{ severity: 'error', ...root }] };
  const reader = new ProfileReader();
  const profile = reader.profile(seccompOf(root));
  const failed = reader.mistakes.some(({ severity }) => severity === 'error');
  return { profile: failed ? null : profile, mistakes: reader.mistakes };
}
