/* SPDX-License-Identifier: GPL-2.0-only */
/* arm64: arch/arm64/include/asm/{ptrace,thread_info}.h of Linux 5.10 to 7.2. */
#ifndef IPCTRACE_ARCH_H
#define IPCTRACE_ARCH_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
	u64 regs[31];
	u64 orig_x0;	/* argument 0; regs[0] holds the result at exit */
	int syscallno;
};

struct thread_info {
	unsigned long flags;
};

#pragma clang attribute pop

/* TIF_32BIT: an AArch32 task. */
#define ARCH_COMPAT_FLAG (1UL << 22)

#define ARCH_SYSCALL_NR(regs) ((regs)->syscallno)
#define ARCH_ARG0(regs)	      ((regs)->orig_x0)
#define ARCH_ARG1(regs)	      ((regs)->regs[1])
#define ARCH_ARG2(regs)	      ((regs)->regs[2])
#define ARCH_ARG3(regs)	      ((regs)->regs[3])
#define ARCH_ARG4(regs)	      ((regs)->regs[4])
#define ARCH_ARG5(regs)	      ((regs)->regs[5])
#define ARCH_COMPAT_ARG0(regs) ((u32)(regs)->orig_x0)
#define ARCH_COMPAT_ARG1(regs) ((u32)(regs)->regs[1])
#define ARCH_COMPAT_ARG2(regs) ((u32)(regs)->regs[2])
#define ARCH_COMPAT_ARG3(regs) ((u32)(regs)->regs[3])
#define ARCH_COMPAT_ARG4(regs) ((u32)(regs)->regs[4])
#define ARCH_COMPAT_ARG5(regs) ((u32)(regs)->regs[5])
#define ARCH_IS_COMPAT(task)   ((task)->thread_info.flags & ARCH_COMPAT_FLAG)

#endif /* IPCTRACE_ARCH_H */
