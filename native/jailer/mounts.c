#include "mounts.h"
#include "calls.h"
#include "names.h"
#include "shelf.h"
#include "target.h"
#include "text.h"

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

/* What of `target` is below `top`, or NULL. */
static const char *rest_of(const char *target, const char *top)
{
	size_t n = strlen(top);

	if (n == 0 || strncmp(target, top, n) != 0 || target[n] != '/')
		return NULL;
	return target + n + strspn(target + n, "/");
}

int mount_base(const struct builder *b, const char **target)
{
	const struct item *lists[] = { b->plan->furnish.first, b->plan->cover.first };
	const char *found = *target;
	int dir = b->root;

	for (int n = 0; n < 2; n++) {
		for (const struct item *i = lists[n]; i != NULL; i = i->next) {
			const char *rest = i->held ? rest_of(*target, i->target) : NULL;

			if (rest != NULL) {
				dir = i->mount;
				found = rest;
			}
		}
	}
	*target = found;
	return dir;
}

static void hold(struct item *item, int tree)
{
	item->held = true;
	item->mount = tree;
}

void mount_let_go(struct builder *b)
{
	struct item *lists[] = { b->plan->furnish.first, b->plan->cover.first };

	for (int n = 0; n < 2; n++) {
		for (struct item *i = lists[n]; i != NULL; i = i->next) {
			if (i->held)
				close(i->mount);
			i->held = false;
		}
	}
}

static int open_mount_point(const struct builder *b, const struct item *item, int tree)
{
	const char *target = item->target;
	int base = mount_base(b, &target);
	struct stat st = { .st_mode = S_IFDIR };
	/* A file covers a link itself: who follows the path finds the file, wherever the link leads. */
	int flags = O_PATH | (item->kind == ITEM_FILE ? O_NOFOLLOW : 0);

	if (item->type == MOUNT_BIND && fstat(tree, &st) < 0)
		return -1;
	if (!item->options.create)
		return target_open(base, target, flags);
	return S_ISDIR(st.st_mode) ? target_directory(base, target, 0755) :
				     target_file(base, target, flags);
}

int mount_item(struct builder *b, struct item *item, int tree)
{
	const struct mount_options *o = &item->options;
	int target = open_mount_point(b, item, tree);
	int result;

	if (target < 0)
		return closing(tree, -1);
	if (tree < 0)
		tree = mount_detached(mount_type_name(item->type), o->rest, o->rest_count,
				      o->attributes);
	result = tree < 0 ? -1 : sys_move_mount(tree, target);
	closing(target, 0);
	if (result < 0)
		return closing(tree, result);
	item->mount_id = target_mount_id(tree);
	if (item->kind != ITEM_MOUNT)
		return closing(tree, 0);
	hold(item, tree);
	return 0;
}

/* Everything below is made by the kernel: no link of the jail's can be on the way. */
static bool is_the_kernels(const struct builder *b, int base)
{
	for (const struct item *i = b->plan->furnish.first; i != NULL; i = i->next)
		if (i->held && i->mount == base)
			return i->type == MOUNT_PROC || i->type == MOUNT_SYSFS;
	return false;
}

/* Lays a copy of what is on the shelf over `path`, which begins in `base`. */
static int hide(int base, const char *path, mode_t mode)
{
	errno = ELOOP;
	if (S_ISLNK(mode) || (base >= 0 && fchdir(base) < 0))
		return -1;
	return sys_mount(S_ISDIR(mode) ? SHELF_PATH SHELF_DIRECTORY : SHELF_PATH SHELF_FILE, path, MS_BIND);
}

/* By the host's /proc, where the path leads to just that descriptor. */
static int hide_descriptor(int fd)
{
	char path[32];
	struct text t;
	struct stat st;

	text_begin(&t, path, sizeof(path));
	text_put(&t, "/proc/self/fd/");
	text_put_number(&t, fd);
	return fstat(fd, &st) < 0 ? -1 : hide(-1, path, st.st_mode);
}

/* Of some fifty masks almost all are below /proc and /sys: by the fewest calls. */
int mount_mask(const struct builder *b, const char *target)
{
	int base = mount_base(b, &target);
	bool simple = is_the_kernels(b, base);
	struct stat st;
	int fd = simple ? fstatat(base, target, &st, AT_SYMLINK_NOFOLLOW) : target_open(base, target, O_PATH);

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	return simple ? hide(base, target, st.st_mode) : closing(fd, hide_descriptor(fd));
}

int mount_readonly(struct builder *b, struct item *item)
{
	const char *target = item->target;
	int base = mount_base(b, &target);
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	int fd = target_open(base, target, O_PATH);
	int tree, result;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	tree = sys_open_tree(fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH | AT_RECURSIVE);
	result = tree < 0 ? -1 : sys_mount_setattr(tree, AT_RECURSIVE, &readonly);
	if (result == 0)
		result = sys_move_mount(tree, fd);
	closing(fd, 0);
	if (result < 0)
		return closing(tree, result);
	hold(item, tree);
	return 0;
}
