/** What default jails do not hold off, and why: the same list as "What is not defended" in SECURITY.md, probe by probe. */
export const known: Readonly<Record<string, string>> = {
  environment_host_path: 'jail(8) gives commands JPATH; exec.clean does not',
  figure_disk: 'the kernel names the file system of a mount in /proc/self/mountinfo',
  figure_model: 'programs choose their code by what /proc/cpuinfo says of the processor',
  figure_root: 'the kernel names the directory of a mount in /proc/self/mountinfo',
  sysinfo_of_host: 'C libraries ask sysinfo(2) how much memory there is, and do without no answer',
};
