/** One name for one directory, as far as names tell: without "//", "/./" and a slash at the end. */
export const plainPath = (path: string): string =>
  path.replace(/\/(\.?\/)+/g, '/').replace(/(.)\/\.?$/, '$1');

/** Whether a path is a directory or lies in it; both as plainPath gives them. */
export const within = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
