// SPDX-License-Identifier: GPL-2.0-only
/* POSIX message queues: messages are bytes too. mq_timedreceive() says itself how much it moved, as
 * read() does, so the root program counts it. */
#include "transfer.bpf.h"

/* mq_timedsend(queue, text, length, …) returns 0: the bytes are the length asked for. */
CALL_EXIT(mq_send_exit)
{
	__s64 bytes = call->ret < 0 ? call->ret : (__s64)call->arg[2];

	return call_count(call, call->arg[0], DIRECTION_OUT, bytes);
}

char _license[] SEC("license") = "GPL";
