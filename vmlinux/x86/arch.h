/* SPDX-License-Identifier: GPL-2.0-only */
/* x86-64: arch/x86/include/asm/{ptrace,thread_info}.h of Linux 5.10 to 7.2. */
#ifndef IPCTRACE_ARCH_H
#define IPCTRACE_ARCH_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
	unsigned long r10, r9, r8, bx, bp, ax, cx, dx, si, di, orig_ax, sp, ip;
};

struct thread_info {
	u32 status;
};

#pragma clang attribute pop

/* TS_COMPAT: the current system call came through a 32-bit entry. */
#define ARCH_COMPAT_STATUS 2

#define ARCH_SYSCALL_NR(regs) ((int)(regs)->orig_ax)
#define ARCH_ARG0(regs)	      ((regs)->di)
#define ARCH_ARG1(regs)	      ((regs)->si)
#define ARCH_ARG2(regs)	      ((regs)->dx)
#define ARCH_ARG3(regs)	      ((regs)->r10)
#define ARCH_ARG4(regs)	      ((regs)->r8)
#define ARCH_ARG5(regs)	      ((regs)->r9)
#define ARCH_COMPAT_ARG0(regs) ((u32)(regs)->bx)
#define ARCH_COMPAT_ARG1(regs) ((u32)(regs)->cx)
#define ARCH_COMPAT_ARG2(regs) ((u32)(regs)->dx)
#define ARCH_COMPAT_ARG3(regs) ((u32)(regs)->si)
#define ARCH_COMPAT_ARG4(regs) ((u32)(regs)->di)
#define ARCH_COMPAT_ARG5(regs) ((u32)(regs)->bp)
#define ARCH_IS_COMPAT(task)   ((task)->thread_info.status & ARCH_COMPAT_STATUS)

#endif /* IPCTRACE_ARCH_H */
