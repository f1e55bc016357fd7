#include "trees.h"
#include "calls.h"
#include "channel.h"
#include "outside.h"
#include "overlay.h"
#include "shelf.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

struct batch {
	int channel;
	struct order order;
	int fds[TREES_MAX];
	int count;
};

static int fail(struct fault *fault, enum step step, const char *subject)
{
	*fault = (struct fault){ .step = step, .subject = subject, .error = errno };
	return -1;
}

static int flush(struct batch *b)
{
	int result = channel_send(b->channel, &b->order, sizeof(b->order), b->fds, b->count);
	int error = errno;

	for (int i = 0; i < b->count; i++)
		close(b->fds[i]);
	b->count = 0;
	b->order = (struct order){ .type = ORDER_TREES };
	errno = error;
	return result;
}

/* `tree` -1 tells init that this one is not there. */
static int add(struct batch *b, int tree)
{
	b->order.present[b->order.number++] = tree >= 0;
	if (tree >= 0)
		b->fds[b->count++] = tree;
	return b->order.number == TREES_MAX ? flush(b) : 0;
}

/* Events on the host's mounts must not reach the jail, nor the other way round. */
static int cut_off(int tree, const struct mount_options *o)
{
	struct mount_attr attr = { .attr_set = o->attributes, .propagation = MS_PRIVATE };

	if ((o->attributes & MOUNT_ATTR__ATIME) != 0)
		attr.attr_clr = MOUNT_ATTR__ATIME;
	return sys_mount_setattr(tree, o->recursive ? AT_RECURSIVE : 0, &attr);
}

static int map_owners(int tree, const struct mount_options *o, int userns)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };

	return sys_mount_setattr(tree, o->recursive ? AT_RECURSIVE : 0, &attr);
}

/* What of `path` is below `root`, or NULL. */
static const char *path_below(const char *root, const char *path)
{
	size_t n = root != NULL ? strlen(root) : 0;

	while (n > 0 && root[n - 1] == '/')
		n--;
	return n > 0 && strncmp(path, root, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

/* A source that lies in the jail's root is what the jail would find there, wherever links lead. */
static int open_source(const char *root, const char *source, unsigned int flags)
{
	const char *below = path_below(root, source);
	int top, fd, error;

	if (below == NULL || strstr(source, "//") != NULL)
		return outside_tree(source, flags);
	top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return -1;
	fd = sys_openat2(top, *below != '\0' ? below : ".", O_PATH,
			 RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	error = errno;
	close(top);
	errno = error;
	return tree_of(fd, flags);
}

/* Returns the copy, or -1 with `fault`. `root`: the jail's, or NULL for the root itself. */
static int copy_tree(const char *root, const char *source, const struct mount_options *o,
		     int userns, struct fault *fault)
{
	unsigned int deep = o->recursive ? AT_RECURSIVE : 0;
	int tree = open_source(root, source, OPEN_TREE_CLONE | deep);

	if (tree < 0)
		return fail(fault, STEP_TREE, source);
	if (cut_off(tree, o) < 0)
		fail(fault, STEP_TREE, source);
	else if (o->idmap && map_owners(tree, o, userns) < 0)
		fail(fault, STEP_IDMAP, source);
	else
		return tree;
	close(tree);
	return -1;
}

static int copy_root(const struct plan *plan, int userns, struct fault *fault)
{
	int tree = copy_tree(NULL, plan->root, &plan->root_options, userns, fault);
	struct stat st;

	if (tree < 0) {
		if (fault->step == STEP_TREE)
			fault->step = STEP_ROOT;
		return -1;
	}
	if (fstat(tree, &st) == 0 && S_ISDIR(st.st_mode))
		return tree;
	close(tree);
	errno = ENOTDIR;
	return fail(fault, STEP_ROOT, plan->root);
}

/* Does it take the host's rights? */
static bool wants_tree(const struct item *item)
{
	return item->kind == ITEM_MOUNT && (item->type == MOUNT_BIND || item->type == MOUNT_NODES);
}

static int make_tree(const struct plan *plan, const struct item *item, int userns,
		     struct fault *fault)
{
	const char *refused;
	int tree;

	if (item->type == MOUNT_NODES) {
		tree = shelf_mount_nodes(plan, item, &refused);
		return tree < 0 ? fail(fault, STEP_NODE, refused) : tree;
	}
	tree = copy_tree(plan->root, item->source, &item->options, userns, fault);
	if (tree < 0 && fault->step == STEP_TREE)
		fault->step = STEP_MOUNT;
	return tree;
}

int trees_send(const struct plan *plan, int channel, int userns, struct fault *fault)
{
	struct batch b = { .channel = channel, .order = { .type = ORDER_TREES } };
	int tree;

	if (shelf_is_needed(plan)) {
		const char *refused;

		tree = shelf_nodes(plan, &refused);
		if (tree < 0)
			return fail(fault, STEP_NODE, refused);
		add(&b, tree);
	}
	tree = overlay_wanted(plan) ? overlay_make(plan, userns, fault) :
				      copy_root(plan, userns, fault);
	if (tree < 0)
		return -1;
	add(&b, tree);
	for (const struct item *i = plan->furnish.first; i != NULL; i = i->next) {
		if (!wants_tree(i))
			continue;
		tree = make_tree(plan, i, userns, fault);
		if (tree < 0 && !i->options.optional)
			return -1;
		if (add(&b, tree) < 0)
			return fail(fault, STEP_TREE, i->source);
	}
	if (b.order.number > 0 && flush(&b) < 0)
		return fail(fault, STEP_TREE, plan->root);
	return 0;
}
