/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ipctrace has to say about itself: one line on standard error, "ipctrace: …". Whatever the
 * arguments hold, it stays one line and carries no control character.
 */
#ifndef IPCTRACE_ERROR_H
#define IPCTRACE_ERROR_H

/* Prints "ipctrace: MESSAGE". */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, and returns err, so that a failing branch is one line: return err_r(-EINVAL, "…"); */
int err_r(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif /* IPCTRACE_ERROR_H */
