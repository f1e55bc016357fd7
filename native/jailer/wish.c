#include "wish.h"
#include "calls.h"

/* mount(2): the mark of programs from before Linux 2.4. */
#define IS_MARKED(flags) (((flags) & 0xffff0000UL) == 0xc0ed0000UL)

static int read_optional(const struct caller *c, uint64_t address, char *text, size_t size)
{
	text[0] = '\0';
	return address == 0 || caller_text(c, address, text, size) >= 0 ? 0 : -1;
}

int wish_read(const struct caller *c, struct wish *w)
{
	const uint64_t *args = (const uint64_t *)c->notice->data.args;

	w->flags = IS_MARKED(args[3]) ? args[3] & 0xffff : (uint32_t)args[3];
	if (caller_text(c, args[1], w->target, sizeof(w->target)) < 0)
		return -1;
	if ((w->flags & MS_BIND) != 0)
		return read_optional(c, args[0], w->source, sizeof(w->source));
	return read_optional(c, args[0], w->source, sizeof(w->source)) < 0 ||
	       read_optional(c, args[2], w->type, sizeof(w->type)) < 0 ||
	       read_optional(c, args[4], w->data, sizeof(w->data)) < 0 ? -1 : 0;
}

uint64_t wish_attributes(const struct wish *w)
{
	return ((w->flags & MS_RDONLY) != 0 ? MOUNT_ATTR_RDONLY : 0) |
	       ((w->flags & MS_NOEXEC) != 0 ? MOUNT_ATTR_NOEXEC : 0) |
	       ((w->flags & MS_NOATIME) != 0 ? MOUNT_ATTR_NOATIME : 0);
}

int mount_attributes(int mount, uint64_t set, uint64_t clear)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear };

	if ((set & MOUNT_ATTR_NOATIME) != 0)
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	return sys_mount_setattr(mount, 0, &attr);
}
