/* What seccomp(2) calls the architecture that this program is built for. */
#ifndef JAILER_NATIVE_H
#define JAILER_NATIVE_H

#include <linux/audit.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE AUDIT_ARCH_RISCV64
#else
#error "the number of this architecture is missing"
#endif

#endif
