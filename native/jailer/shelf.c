#include "shelf.h"
#include "calls.h"
#include "mounts.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* A plan has at most 4 MiB, and a file at least its page. */
static char file_words[] = "mode=755\0size=64m";
/* Nodes and directories take no pages. */
static char node_words[] = "mode=755\0size=4k";
#define WORD_COUNT 2

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(char *text, uint64_t *size)
{
	size_t n = strlen(text) / 2;

	if (text[2 * n] != '\0')
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		text[i] = (char)(high << 4 | low);
	}
	*size = n;
	return true;
}

/* What a record is called on its shelf: its number in the plan. */
static const char *name_of(const struct plan *plan, const struct item *item, char *buffer, size_t size)
{
	int64_t n = 0;
	struct text t;

	for (const struct item *i = plan->furnish.first; i != item; i = i->next)
		n++;
	text_begin(&t, buffer, size);
	text_put_number(&t, n);
	return buffer;
}

/* Of two records for one name the later one counts. */
static int make_node(int dir, const char *name, mode_t mode, dev_t number)
{
	if (mknodat(dir, name, mode, number) == 0)
		return 0;
	return errno == EEXIST && unlinkat(dir, name, 0) == 0 ? mknodat(dir, name, mode, number) : -1;
}

/* All nodes of the plan that lie in `within`, or on the shelf with NULL. Returns 0, or -1 with errno. */
static int make_nodes(const struct plan *plan, const struct item *within, int dir,
		      const char **refused)
{
	char number[16];

	for (const struct item *i = plan->furnish.first; i != NULL; i = i->next) {
		const char *name;

		if (i->kind != ITEM_NODE || i->within != within)
			continue;
		name = within != NULL ? strrchr(i->target, '/') + 1 :
					name_of(plan, i, number, sizeof(number));
		*refused = i->target;
		if (make_node(dir, name, (mode_t)i->hard, (dev_t)i->number) < 0)
			return -1;
	}
	return 0;
}

static int make_masks(int shelf, const char **refused)
{
	*refused = SHELF_FILE;
	return mknodat(shelf, SHELF_FILE, S_IFREG | 0444, 0) < 0 ||
			       mkdirat(shelf, SHELF_DIRECTORY, 0555) < 0 ?
		       -1 :
		       0;
}

/* Returns `fd`, or closes it and returns -1 when `result` is that. */
static int unless_failed(int fd, int result)
{
	int error = errno;

	if (result == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

bool shelf_is_needed(const struct plan *plan)
{
	return plan->hides || plan->has_nodes;
}

int shelf_nodes(const struct plan *plan, const char **refused)
{
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	int shelf = mount_detached("tmpfs", node_words, WORD_COUNT,
				   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	/* The umask of the service is none of the jail's business. */
	mode_t mask = umask(0);
	int result;

	*refused = "";
	result = shelf < 0 || (plan->hides && make_masks(shelf, refused) < 0) ||
				 make_nodes(plan, NULL, shelf, refused) < 0 ||
				 sys_mount_setattr(shelf, 0, &readonly) < 0 ?
			 -1 :
			 0;
	umask(mask);
	return shelf < 0 ? -1 : unless_failed(shelf, result);
}

int shelf_mount_nodes(const struct plan *plan, const struct item *item, const char **refused)
{
	const struct mount_options *o = &item->options;
	int fd = mount_detached("tmpfs", o->rest, o->rest_count, o->attributes);
	mode_t mask = umask(0);
	int result;

	*refused = item->target;
	result = fd < 0 ? -1 : make_nodes(plan, item, fd, refused);
	umask(mask);
	return fd < 0 ? -1 : unless_failed(fd, result);
}

/*
 * Over the host's /dev, of which this mount namespace needs nothing more. Not over "/": pivot_root
 * would leave the old root below it, one ".." away from the jail. Nor detached: a kernel before
 * 6.15 cannot copy from what is.
 */
static int attach(int shelf)
{
	int place = open(SHELF_PATH, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int result = place < 0 || shelf < 0 ? -1 : sys_move_mount(shelf, place);
	int error = errno;

	if (place >= 0)
		close(place);
	errno = error;
	return result;
}

/* The shelf lets devices work, for it may have some. */
static int forbid_devices(int shelf, const char *name)
{
	struct mount_attr no_devices = { .attr_set = MOUNT_ATTR_NODEV };
	int place = openat(shelf, name, O_PATH | O_CLOEXEC);
	int tree = sys_open_tree(shelf, name, OPEN_TREE_CLONE);

	if (place < 0 || tree < 0 || sys_mount_setattr(tree, 0, &no_devices) < 0 ||
	    sys_move_mount(tree, place) < 0)
		return -1;
	close(tree);
	return close(place);
}

void shelf_attach(struct builder *b, int nodes)
{
	b->nodes = nodes;
	if (b->plan->has_files)
		b->files = mount_detached("tmpfs", file_words, WORD_COUNT,
					  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (b->plan->has_files && attach(b->files) < 0)
		build_fail(b->channel, STEP_FILE, "");
	/* On top: masks are found by their path. */
	if (nodes >= 0 && attach(nodes) < 0)
		build_fail(b->channel, STEP_NODE, "");
	if (b->plan->hides &&
	    (forbid_devices(nodes, SHELF_FILE) < 0 || forbid_devices(nodes, SHELF_DIRECTORY) < 0))
		build_fail(b->channel, STEP_MASK, "");
}

int shelf_lay(const char *type)
{
	int fd = mount_detached(type, NULL, 0, 0);

	return fd < 0 ? -1 : unless_failed(fd, attach(fd));
}

static int write_file(int shelf, const char *name, const struct item *item)
{
	int fd = openat(shelf, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, (mode_t)item->number);
	size_t done = 0;

	while (fd >= 0 && done < item->hard) {
		ssize_t n = write(fd, item->source + done, item->hard - done);

		if (n < 0) {
			close(fd);
			return -1;
		}
		done += (size_t)n;
	}
	return fd < 0 ? -1 : close(fd);
}

int shelf_bind(struct builder *b, struct item *item)
{
	struct mount_attr attr = { .attr_set = item->options.attributes };
	bool file = item->kind == ITEM_FILE;
	int shelf = file ? b->files : b->nodes;
	char name[16];
	int tree;

	if (item->within != NULL)
		return 0;
	name_of(b->plan, item, name, sizeof(name));
	if (file && write_file(shelf, name, item) < 0)
		return -1;
	tree = sys_open_tree(shelf, name, OPEN_TREE_CLONE);
	if (tree >= 0 && sys_mount_setattr(tree, 0, &attr) < 0) {
		close(tree);
		return -1;
	}
	return tree < 0 ? -1 : mount_item(b, item, tree);
}
