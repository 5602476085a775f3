/* SPDX-License-Identifier: GPL-2.0-only */
/* What mechanisms use to word their events, and each other's events they fall back on. */
#ifndef IPCTRACE_WORDING_H
#define IPCTRACE_WORDING_H

#include "mechanism/mechanism.h"

extern const struct mechanism process_mechanism;
extern const struct mechanism descriptor_mechanism;
extern const struct mechanism pipe_mechanism;
extern const struct mechanism fifo_mechanism;
extern const struct mechanism mq_mechanism;
extern const struct mechanism eventfd_mechanism;
extern const struct mechanism pty_mechanism;
extern const struct mechanism mmap_mechanism;
extern const struct mechanism shm_mechanism;
extern const struct mechanism file_mechanism;
extern const struct mechanism signal_mechanism;

extern const struct mechanism unix_mechanism;
extern const struct mechanism tcp_mechanism;
extern const struct mechanism udp_mechanism;

/* Adds to the words of the event; what does not fit is cut. */
void event_say(struct event *event, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The last `len` bytes of the words are the text of a fact as well. */
void event_fact_said(struct event *event, const char *key, size_t len);
void event_fact_text(struct event *event, const char *key, const char *text);
/* The text is copied into the event, where there is room for one of SOCKET_ADDRESS_MAX bytes. */
void event_fact_text_copy(struct event *event, const char *key, const char *text);
void event_fact_int(struct event *event, const char *key, int64_t number);
void event_fact_bool(struct event *event, const char *key, bool truth);
void event_fact_null(struct event *event, const char *key); /* unknown */
void event_fact_process(struct event *event, const char *key, const struct process *process);
void event_fact_object(struct event *event, const char *key, const struct object *object);
void event_add_fd(struct event *event, int fd);
/* The error that a call's result is; 0 = it is none. A recording may claim any result. */
int result_error(int64_t result);

/* What a pipe or FIFO is now: capacity, queued, readers, writers. */
size_t pipe_facts(const struct model *model, const struct object *object, struct fact *facts,
		  size_t max);

/* Facts of mapped files and other memory. */
size_t memory_facts(const struct model *model, const struct object *object, struct fact *facts,
		    size_t max);

/* Words what happened to a descriptor, of whatever kind: the mechanism "fd". */
bool descriptor_event(const struct model *model, const struct record *record,
		      const struct change *change, struct event *event);
/* The call made two descriptors (pipe, socketpair), and this record tells of the first: the event
 * comes with the second. */
bool slot_is_first_of_pair(const struct record_slot *slot);

#endif /* IPCTRACE_WORDING_H */
