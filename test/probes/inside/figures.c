/* Processes, names and figures of the host that calls or files could tell. */
#include "probe.h"

#include <dirent.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>

PROBE("3.information", HIGH, processes_of_host)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc != NULL && (entry = readdir(proc)) != NULL) {
		char path[300], text[64];

		if (atoi(entry->d_name) == 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/comm", entry->d_name);
		slurp(path, text, sizeof(text));
		if (strstr(text, "node") != NULL || strstr(text, "jailer") != NULL || strstr(text, "kthread") != NULL)
			fail("%s is %s", path, text);
	}
}

PROBE("3.information", HIGH, hostname_of_host)
{
	struct utsname name;

	uname(&name);
	if (strcmp(name.nodename, host("figure_hostname")) == 0)
		fail("%s", name.nodename);
}

PROBE("3.information", LOW, sysinfo_of_host)
{
	struct sysinfo seen;

	if (sysinfo(&seen) == 0 && seen.totalram * seen.mem_unit / 1024 == strtoul(host("kilobytes"), NULL, 10))
		fail("sysinfo tells the host's memory, uptime and load");
}

PROBE("3.information", LOW, uptime_by_clock)
{
	struct timespec now;
	long theirs = atol(host("uptime"));

	clock_gettime(CLOCK_BOOTTIME, &now);
	if (now.tv_sec >= theirs && now.tv_sec < theirs + 120)
		fail("the clock since boot is the host's: %ld s", (long)now.tv_sec);
}

PROBE("3.information", MEDIUM, uptime_by_file)
{
	char text[64];
	long theirs = atol(host("uptime"));

	slurp("/proc/uptime", text, sizeof(text));
	if (atol(text) >= theirs && atol(text) < theirs + 120)
		fail("/proc/uptime is the host's: %s", text);
}

PROBE("3.information", MEDIUM, load_of_host)
{
	char text[64];
	int all = 0;

	slurp("/proc/loadavg", text, sizeof(text));
	if (sscanf(text, "%*s %*s %*s %*d/%d", &all) == 1 && all > atoi(host("tasks")) / 2)
		fail("/proc/loadavg counts %d tasks", all);
}

/* The jail's own numbers or nothing: what the host's file says now must not be read here. */
static void figure(const struct probe *probe)
{
	char text[4096];
	const char *theirs = host(probe->name);

	slurp(probe->text, text, sizeof(text));
	if (strlen(theirs) > 0 && strstr(text, theirs) != NULL)
		fail("%s has the host's %s", probe->text, theirs);
}

#define FIGURE(weight_, id, path)                                                                \
	ENTER(figure_##id, .name = "figure_" #id, .class = "3.information", .weight = weight_,   \
	      .run = figure, .text = path)

FIGURE(MEDIUM, memtotal, "/proc/meminfo") FIGURE(MEDIUM, btime, "/proc/stat") FIGURE(MEDIUM, cmdline, "/proc/cmdline")
FIGURE(HIGH, bootid, "/proc/sys/kernel/random/boot_id") FIGURE(HIGH, machineid, "/etc/machine-id")
FIGURE(LOW, model, "/proc/cpuinfo") FIGURE(LOW, pages, "/proc/vmstat") FIGURE(LOW, root, "/proc/self/mountinfo")
FIGURE(LOW, disk, "/proc/self/mountinfo") FIGURE(LOW, corepattern, "/proc/sys/kernel/core_pattern")
FIGURE(HIGH, hostname, "/proc/sys/kernel/hostname") FIGURE(MEDIUM, cgroup, "/proc/self/cgroup")
