/* The jail's mounts, and what can be done to files on them. */
#include "probe.h"

#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

/* Calls back for each mount: its point, its options, its optional fields, its kind and the file system's options. */
static void each_mount(void (*look)(const char *point, const char *options, const char *optional, const char *kind, const char *super))
{
	static char text[32768];
	char *rest = text, *line;

	slurp("/proc/self/mountinfo", text, sizeof(text));
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		char point[256], options[256], kind[32], super[512], *dash = strstr(line, " - "), *optional;
		int at = 0;

		if (dash == NULL || sscanf(line, "%*s %*s %*s %*s %255s %255s%n", point, options, &at) < 2)
			fail("mountinfo: %s", line);
		sscanf(dash, " - %31s %*s %511s", kind, super);
		*dash = '\0';
		optional = line + at;
		look(point, options, optional, kind, super);
	}
}

static void look_propagation(const char *point, const char *options, const char *optional, const char *kind, const char *super)
{
	(void)options, (void)kind, (void)super;
	if (strstr(optional, "shared:") != NULL || strstr(optional, "master:") != NULL)
		fail("%s: %s", point, optional);
}

PROBE("3.mounts", HIGH, mounts_private)
{
	each_mount(look_propagation);
}

static void look_flags(const char *point, const char *options, const char *optional, const char *kind, const char *super)
{
	(void)optional, (void)super;
	if (strstr(options, "nosuid") == NULL)
		fail("%s is not nosuid", point);
	if (strstr(options, "nodev") == NULL && strncmp(point, "/dev", 4) != 0 && strcmp(kind, "devtmpfs") != 0)
		fail("%s is not nodev", point);
	if (strcmp(kind, "ext4") != 0 && strcmp(kind, "overlay") != 0 && strstr(options, "noexec") == NULL)
		fail("%s is not noexec", point);
}

PROBE("3.mounts", HIGH, mounts_flags)
{
	each_mount(look_flags);
}

static void look_size(const char *point, const char *options, const char *optional, const char *kind, const char *super)
{
	struct statfs seen;

	(void)optional;
	if (strcmp(kind, "tmpfs") != 0 || strncmp(options, "ro", 2) == 0)
		return;
	if (strstr(super, "size=") == NULL)
		fail("%s has no size", point);
	if (statfs(point, &seen) == 0 && seen.f_files > 100000)
		fail("%s has %ld inodes to give", point, (long)seen.f_files);
}

PROBE("5.space", MEDIUM, mounts_sizes)
{
	each_mount(look_size);
}

static void look_cgroup(const char *point, const char *options, const char *optional, const char *kind, const char *super)
{
	(void)optional, (void)super;
	if (strncmp(kind, "cgroup", 6) == 0 && strncmp(options, "rw", 2) == 0)
		fail("%s is a writable cgroup mount", point);
	if (strcmp(kind, "sysfs") == 0 && strncmp(options, "ro", 2) != 0)
		fail("%s is writable sysfs", point);
	if (strcmp(kind, "securityfs") == 0 || strcmp(kind, "debugfs") == 0 || strcmp(kind, "tracefs") == 0 || strcmp(kind, "bpf") == 0)
		fail("%s is %s", point, kind);
}

PROBE("3.release-agent", CRITICAL, mounts_of_cgroups)
{
	each_mount(look_cgroup);
}

PROBE("2.host-files", LOW, trusted_attributes)
{
	expect_refused("a trusted attribute", setxattr("/tmp", "trusted.overlay.opaque", "y", 1, 0));
	expect_refused("a security attribute", setxattr("/tmp", "security.probe", "y", 1, 0));
}

static long file_ioctl(unsigned long request, void *argument)
{
	int fd = open("/tmp/attributes", O_CREAT | O_RDONLY, 0600);

	return ioctl(fd, request, argument);
}

PROBE("2.host-files", MEDIUM, immutable_file)
{
	long flags = 0x10;

	expect_refused("FS_IMMUTABLE_FL", file_ioctl(0x40086602, &flags));
}

PROBE("5.space", MEDIUM, project_of_file)
{
	struct { uint32_t flags, extent, extents, project, cow; char rest[8]; } attribute = { .project = 4242 };

	expect_refused("another project id", file_ioctl(0x401c5820, &attribute));
}

PROBE("3.interfaces", HIGH, file_system_ioctls)
{
	uint64_t range[3] = { 0, 0, 0 };

	expect_refused("FIFREEZE", file_ioctl(0xc0045877, NULL));
	expect_refused("FITRIM", file_ioctl(0xc0185879, range));
	expect_refused("FIBMAP", file_ioctl(1, range));
}
