import { readSeconds } from '../config/values/quantity.js';

/** A point in time as people write it: "10m" and "2h" ago, "03:16" today, or a date that Date reads. null for none. */
export function readMoment(text: string, now: Date): Date | null {
  const ago = readSeconds(text);
  if (ago.ok) return new Date(now.getTime() - ago.value * 1000);
  if (/^\d{1,2}:\d{2}(:\d{2})?$/.test(text)) {
    const [hours = 0, minutes = 0, seconds = 0] = text.split(':').map(Number);
    const today = new Date(now);
    today.setHours(hours, minutes, seconds, 0);
    return hours < 24 && minutes < 60 && seconds < 60 ? today : null;
  }
  // Date also reads "1" and "may": only what begins with a whole date is meant as one.
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return null;
  const date = new Date(text.length === 10 ? `${text}T00:00` : text.replace(/^(\S+) /, '$1T'));
  return Number.isNaN(date.getTime()) ? null : date;
}
