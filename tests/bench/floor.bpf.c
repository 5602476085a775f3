// SPDX-License-Identifier: GPL-2.0-only
/* The floor: an empty program on the exit of system calls. What this costs, every tracer pays. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("tp_btf/sys_exit")
int floor_exit(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
