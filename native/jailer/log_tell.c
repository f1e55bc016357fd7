/* What is told of a log to whoever watches over it. */
#include "log.h"
#include "log_files.h"

#include <errno.h>

int log_replace(struct log *l, ino_t inode, const char *file)
{
	if (l->path != NULL)
		return log_put_back(l->path, l->max_files, inode, file);
	errno = ENOENT;
	return -1;
}

ino_t log_rotated(struct log *l)
{
	ino_t aside = l->aside;

	l->aside = 0;
	return aside;
}

static struct log_loss take_loss(struct log_loss *loss)
{
	struct log_loss taken = *loss;

	*loss = (struct log_loss){ 0, 0 };
	return taken;
}

struct log_loss log_limited(struct log *l)
{
	return take_loss(&l->limited);
}

int log_trouble(struct log *l)
{
	if (l->path == NULL || l->error == 0 || l->complained)
		return 0;
	l->complained = true;
	return l->error;
}

/* The file comes first, where there is one. */
static struct log_target *target_at(const struct log *l, int place)
{
	int i = place - (l->path != NULL);

	return i >= 0 && i < l->targets.count ? (struct log_target *)&l->targets.all[i] : NULL;
}

const char *log_place(const struct log *l, int place)
{
	const struct log_target *target = target_at(l, place);

	if (target != NULL)
		return log_kind_name(target->kind);
	return place == 0 && l->path != NULL ? "file" : NULL;
}

struct log_loss log_dropped(struct log *l, int place, bool at_end)
{
	struct log_target *target = target_at(l, place);
	int error = target != NULL ? target->error : l->error;

	if (error != 0 && !at_end)
		return (struct log_loss){ 0, 0 };
	return take_loss(target != NULL ? &target->lost : &l->dropped);
}
