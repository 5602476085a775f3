// SPDX-License-Identifier: GPL-2.0-only
/* The rules of check about sockets: full backlogs, and connections that one side has closed. */
#include "records.h"

#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "rules_fixture.h"

#define T	 0x1000
#define T2	 0x2000
#define F	 0xf000
#define DEV	 7
#define LISTENER 100
#define CLIENT	 101
#define ACCEPTED 102

#define SECOND 1000000000ull

/* The findings are this one alone, about that socket, and say this. */
static void assert_found(struct script *s, const char *rule, uint64_t ino, const char *words)
{
	check(s);
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.items[0].rule->id, rule);
	assert_int_equal(findings.items[0].object->key.ino, ino);
	if (!strstr(findings.items[0].message, words))
		fail_msg("\"%s\" doesn't say \"%s\"", findings.items[0].message, words);
	findings_free(&findings);
}

/* 10 serves, 20 is its client; counts are known. */
static void begin(struct script *s)
{
	s->ts = SECOND;
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T2, 1);
	snapshot_done(s);
	selected(s, 0, true);
	counted(s, 10, 999, 1, 1);
}

static struct socket_facts tcp(uint64_t ino, uint16_t local, uint16_t remote, uint8_t state)
{
	struct socket_facts facts = { .ino = ino, .dev = DEV, .kind = FILE_TCP, .family = AF_INET,
				      .type = SOCK_STREAM, .state = state, .netns = 1,
				      .local_port = local, .remote_port = remote };

	facts.local[10] = facts.local[11] = facts.remote[10] = facts.remote[11] = 0xff;
	facts.local[12] = facts.remote[12] = 127;
	facts.local[15] = facts.remote[15] = 1;
	if (!remote)
		memset(facts.remote + 12, 0, 4);
	return facts;
}

static struct socket_facts local(uint64_t ino, uint64_t peer, uint8_t shutdown)
{
	return (struct socket_facts){ .ino = ino, .peer_ino = peer, .dev = DEV, .kind = FILE_UNIX,
				      .family = AF_UNIX, .type = SOCK_STREAM, .netns = 1,
				      .state = TCP_ESTABLISHED, .shutdown = shutdown };
}

static struct file_facts file(const struct socket_facts *socket)
{
	struct file_facts facts = unix_socket(F + socket->ino, socket->ino);

	facts.kind = socket->kind;
	return facts;
}

static void told(struct script *s, uint32_t pid, const struct socket_facts *facts, int nr, int64_t result,
		 int64_t arg0, int64_t arg1)
{
	struct record_socket record = { .head = { .type = RECORD_SOCKET, .size = sizeof(record),
						  .ts = s->ts++, .pid = pid, .tid = pid,
						  .start = start_of(s, pid) },
					.fd = (int32_t)arg0, .nr = nr, .result = result,
					.arg = { arg0, arg1 }, .facts = *facts };

	apply(s, &record);
}

/* The process has that socket as descriptor fd. */
static void has(struct script *s, uint32_t pid, int fd, struct socket_facts facts, int nr)
{
	by(s, pid);
	slot(s, pid == 10 ? T : T2, fd, file(&facts), nr, fd, 3, 0, 0);
	told(s, pid, &facts, nr, fd, 3, 0);
}

/* --- backlog-full ------------------------------------------------------------------------------ */

static void listens(struct script *s, uint32_t backlog, uint32_t backlog_max, uint32_t drops)
{
	struct socket_facts facts = tcp(LISTENER, 80, 0, TCP_LISTEN);

	facts.backlog = backlog;
	facts.backlog_max = backlog_max;
	facts.drops = drops;
	has(s, 10, 3, facts, SYS_listen);
}

static void full_and_nearly(void **state)
{
	struct script *s = *state;

	begin(s);
	listens(s, 0, 2, 7);
	assert_none(s);
	listens(s, 2, 2, 7);
	assert_none(s); /* one more may wait */
	listens(s, 3, 2, 7);
	assert_found(s, "backlog-full", LISTENER, "3 connections wait to be accepted, with a backlog of 2");
	assert_found(s, "backlog-full", LISTENER, "no connection was accepted");
	listens(s, RECORD_COUNT_UNKNOWN, RECORD_COUNT_UNKNOWN, RECORD_COUNT_UNKNOWN);
	assert_none(s);
}

static void was_full_meanwhile(void **state)
{
	struct script *s = *state;

	begin(s);
	listens(s, 0, 2, 7); /* those were before we looked */
	listens(s, 1, 2, 8);
	assert_found(s, "backlog-full", LISTENER, "10]: 1 attempt to connect found the queue full");
}

static void full_with_its_model(void **state)
{
	struct script *s = *state;
	begin(s);
	listens(s, 0, 2, 0);
	for (uint64_t i = 0; i < 2; i++) {
		has(s, 10, 4, tcp(ACCEPTED + i, 80, (uint16_t)(4000 + i), TCP_ESTABLISHED), SYS_accept);
		closed(s, T, 4);
	}
	listens(s, 3, 2, 0);
	assert_found(s, "backlog-full", LISTENER, "2 connections accepted by 1 process");
}

/* --- close-wait, half-closed --------------------------------------------------------------------- */

static void heard(struct script *s, uint64_t ino, uint64_t ago)
{
	struct record_heard record = { .head = { .type = RECORD_HEARD, .size = sizeof(record),
						 .ts = s->ts++ },
				       .ino = ino, .dev = DEV, .ago = ago };

	apply(s, &record);
}

static void peer_has_closed(void **state)
{
	struct script *s = *state;

	begin(s);
	has(s, 10, 4, tcp(ACCEPTED, 80, 4000, TCP_CLOSE_WAIT), SYS_accept);
	assert_none(s); /* since when is not known */
	heard(s, ACCEPTED, 9 * SECOND);
	assert_none(s); /* it may have an answer yet */
	heard(s, ACCEPTED, 12 * SECOND);
	assert_found(s, "half-closed", ACCEPTED, "12 s ago");
	by(s, 10);
	closed(s, T, 4);
	assert_none(s);
}

/* Where both ends are here, who doesn't close is told of; else who waits for it. */
static void peer_does_not_close(void **state)
{
	struct script *s = *state;

	begin(s);
	has(s, 20, 4, tcp(CLIENT, 4000, 80, TCP_FIN_WAIT2), SYS_connect);
	heard(s, CLIENT, 12 * SECOND);
	assert_found(s, "half-closed", CLIENT, "FIN_WAIT2");
	has(s, 10, 4, tcp(ACCEPTED, 80, 4000, TCP_CLOSE_WAIT), SYS_accept);
	heard(s, ACCEPTED, 12 * SECOND);
	assert_found(s, "half-closed", ACCEPTED, "CLOSE_WAIT");
}

static void many_are_a_pile(void **state)
{
	struct script *s = *state;

	begin(s);
	for (uint64_t i = 0; i < 8; i++)
		has(s, 10, (int)(4 + i), tcp(ACCEPTED + i, 80, (uint16_t)(4000 + i), TCP_CLOSE_WAIT),
		    SYS_accept);
	check(s);
	assert_int_equal(findings.count, 1);
	assert_non_null(strstr(findings.items[0].message, "since when is not known"));
	heard(s, ACCEPTED + 3, 70 * SECOND);
	heard(s, ACCEPTED + 5, 20 * SECOND);
	assert_found(s, "close-wait", ACCEPTED + 3, "silent for 1 min");
}

/* 20 sends, or not, and then shuts down sending to 10; time passes. */
static void shut_down(struct script *s, bool sends)
{
	struct socket_facts shut = local(CLIENT, ACCEPTED, 2);

	begin(s);
	has(s, 20, 4, local(CLIENT, ACCEPTED, 0), SYS_socketpair);
	has(s, 10, 4, local(ACCEPTED, CLIENT, 0), SYS_socketpair);
	if (sends)
		counted(s, 20, CLIENT, 0, 5);
	told(s, 20, &shut, SYS_shutdown, 0, 4, SHUT_WR);
	s->ts += 11 * SECOND;
	plain(s, RECORD_READY);
}

static void unix_not_closed(void **state)
{
	struct script *s = *state;

	shut_down(s, true);
	assert_found(s, "half-closed", ACCEPTED, "for 11 s");
	counted(s, 10, ACCEPTED, 0, 1); /* an answer */
	assert_none(s);
}

static void unix_one_way_by_design(void **state)
{
	shut_down(*state, false);
	assert_none(*state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(full_and_nearly),
		TEST(was_full_meanwhile),
		TEST(full_with_its_model),
		TEST(peer_has_closed),
		TEST(peer_does_not_close),
		TEST(many_are_a_pile),
		TEST(unix_not_closed),
		TEST(unix_one_way_by_design),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
