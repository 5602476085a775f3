/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The wire: every fact that crosses from the kernel side to the model, and from a recording to
 * the model, is one of these records, in a file for each kind of fact. Shared by bpf/ and src/, so
 * they name fixed-size types only and include nothing else; the includer has __u8 … __u64 from
 * vmlinux.h or <linux/types.h>.
 *
 * A record is never changed in meaning: a new meaning gets a new number, and RECORD_VERSION rises
 * when a layout changes. Numbers are explicit because recordings outlive builds.
 */
#ifndef IPCTRACE_RECORD_H
#define IPCTRACE_RECORD_H

#include "ipctrace/record/type.h" /* first: the head of all, and the list of them */

#include "ipctrace/record/descriptor.h"
#include "ipctrace/record/fifo.h"
#include "ipctrace/record/file.h"
#include "ipctrace/record/left.h"
#include "ipctrace/record/memory.h"
#include "ipctrace/record/process.h"
#include "ipctrace/record/signal.h"
#include "ipctrace/record/socket.h"
#include "ipctrace/record/tracing.h"
#include "ipctrace/record/transfer.h"
#include "ipctrace/record/wait.h"

#endif /* IPCTRACE_RECORD_H */
