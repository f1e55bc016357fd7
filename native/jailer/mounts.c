#include "mounts.h"
#include "calls.h"
#include "names.h"
#include "shelf.h"
#include "target.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Closes `fd` and returns `result`, with errno as it was. */
static int closing(int fd, int result)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return result;
}

/* "size=1m" has a value, "newinstance" has none. Cuts the word at its `=` for a moment. */
int mount_configure(int fs, char *word)
{
	char *equals = strchr(word, '=');
	int result;

	if (equals == NULL)
		return sys_fsconfig(fs, FSCONFIG_SET_FLAG, word, NULL);
	*equals = '\0';
	result = sys_fsconfig(fs, FSCONFIG_SET_STRING, word, equals + 1);
	*equals = '=';
	return result;
}

int mount_detached(const char *type, const char *words, unsigned int count, uint64_t attributes)
{
	int fs = sys_fsopen(type);
	int result = fs;

	/* The name in the first column of /proc/mounts; some file systems do not take one. */
	if (fs >= 0)
		sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", type);
	for (unsigned int i = 0; result >= 0 && i < count; i++) {
		result = mount_configure(fs, (char *)words);
		words += strlen(words) + 1;
	}
	if (result >= 0)
		result = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL);
	if (result >= 0)
		result = sys_fsmount(fs, (unsigned int)attributes);
	return closing(fs, result);
}

static int open_mount_point(int root, const struct item *item, int tree)
{
	struct stat st = { .st_mode = S_IFDIR };

	if (item->type == MOUNT_BIND && fstat(tree, &st) < 0)
		return -1;
	if (!item->options.create)
		return target_open(root, item->target, O_PATH);
	return S_ISDIR(st.st_mode) ? target_directory(root, item->target, 0755) :
				     target_file(root, item->target);
}

int mount_item(int root, struct item *item, int tree)
{
	const struct mount_options *o = &item->options;
	int target = open_mount_point(root, item, tree);
	int result;

	if (target < 0)
		return closing(tree, -1);
	if (tree < 0)
		tree = mount_detached(mount_type_name(item->type), o->rest, o->rest_count,
				      o->attributes);
	result = tree < 0 ? -1 : sys_move_mount(tree, target);
	if (result == 0)
		item->mount_id = target_mount_id(tree);
	return closing(tree, closing(target, result));
}

int mount_mask(int root, int shelf, const char *target)
{
	int fd = target_open(root, target, O_PATH);
	struct mount_attr no_devices = { .attr_set = MOUNT_ATTR_NODEV };
	struct stat st;
	int tree, result;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	if (fstat(fd, &st) < 0)
		return closing(fd, -1);
	tree = sys_open_tree(shelf, S_ISDIR(st.st_mode) ? SHELF_DIRECTORY : SHELF_FILE,
			     OPEN_TREE_CLONE);
	/* The shelf lets devices work, for it may have some. */
	result = tree < 0 ? -1 : sys_mount_setattr(tree, 0, &no_devices);
	if (result == 0)
		result = sys_move_mount(tree, fd);
	return closing(tree, closing(fd, result));
}

int mount_readonly(int root, const char *target)
{
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	int fd = target_open(root, target, O_PATH);
	int tree, result;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	tree = sys_open_tree(fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH | AT_RECURSIVE);
	result = tree < 0 ? -1 : sys_mount_setattr(tree, AT_RECURSIVE, &readonly);
	if (result == 0)
		result = sys_move_mount(tree, fd);
	return closing(tree, closing(fd, result));
}
