/* Labels of the host's mandatory access control: AppArmor's profiles, SELinux's contexts. */
#ifndef JAILER_LABEL_H
#define JAILER_LABEL_H

#include "plan.h"

/*
 * What this process and its children execute from now on has the labels of the plan; execve(2)
 * itself changes over. Called where /proc is still the host's: nothing that the jail has laid out
 * is asked, and no descriptor has to be kept. 0, or -1 with errno and *refused, the label.
 */
int label_commands(const struct plan *plan, const char **refused);

#endif
