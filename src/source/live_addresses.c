// SPDX-License-Identifier: GPL-2.0-only
/* The machine's own addresses, in our network namespace: who sends to one of them sends to somebody
 * here. Read once, at the start. */
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "source/live.h"

static bool address_fill(struct record_address *record, const struct sockaddr *address)
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	if (!address)
		return false;
	switch (address->sa_family) {
	case AF_INET:
		memcpy(record->address, mapped, sizeof(mapped));
		memcpy(record->address + sizeof(mapped), &v4->sin_addr, 4);
		return true;
	case AF_INET6: memcpy(record->address, &v6->sin6_addr, 16); return true;
	}
	return false;
}

int live_addresses(struct live *live)
{
	struct record_address record = {
		.head = { .type = RECORD_ADDRESS, .size = sizeof(record), .ts = now_ns() },
	};
	struct ifaddrs *all, *one;
	struct stat ns;
	int err = 0;

	/* Unknown, then: only who is bound to the very address is found by it. */
	if (stat("/proc/self/ns/net", &ns) || getifaddrs(&all))
		return 0;
	record.netns = (__u32)ns.st_ino;
	for (one = all; one && !err; one = one->ifa_next)
		if (address_fill(&record, one->ifa_addr))
			err = live_deliver(live, &record.head);
	freeifaddrs(all);
	return err;
}
