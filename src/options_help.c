// SPDX-License-Identifier: GPL-2.0-only
/* What --help prints, all of it from tables. */
#include "options_internal.h"

#include <stdio.h>

#include "check/check.h"
#include "mechanism/mechanism.h"

/*   -p, --pid PID[,PID...]     these processes; may be given again */
static void print_option(const struct option_info *info)
{
	char left[64];
	int used;

	used = info->letter ? snprintf(left, sizeof(left), "-%c, ", info->letter) :
			      snprintf(left, sizeof(left), "    ");
	snprintf(left + used, sizeof(left) - (size_t)used, "--%s%s%s", info->name,
		 info->argument ? " " : "", info->argument ? info->argument : "");
	printf("  %-27s %s\n", left, info->help);
}

void options_help(void)
{
	size_t i;

	printf("Usage: ipctrace [COMMAND] [OPTIONS] [-p PID[,PID...]]... [--] [PROGRAM [ARG...]]\n"
	       "\n"
	       "Shows which processes talk to which, over what, and how much. With neither -p nor\n"
	       "PROGRAM: the whole machine.\n"
	       "\n"
	       "Commands:\n");
	for (i = 0; i < COMMAND_COUNT; i++)
		printf("  %-27s %s\n", command_table[i].name, command_table[i].help);
	printf("\nOptions:\n");
	for (i = 0; i < option_count; i++)
		print_option(&option_table[i]);
	printf("\nMechanisms (* = traced unless -e says otherwise):\n");
	for (i = 0; mechanisms[i]; i++)
		printf("  %-25s %c %s\n", mechanisms[i]->name,
		       mechanisms[i]->is_default ? '*' : ' ', mechanisms[i]->help);
	printf("\nRules of check:\n");
	for (i = 0; i < rules_count; i++)
		printf("  %-23s %-7s %s\n", rules[i].id, severity_name(rules[i].severity),
		       rules[i].why);
	printf("\n"
	       "Exit status: 0 done; 1 check or --audit found something; 2 usage; 3 not permitted;\n"
	       "4 the kernel lacks something; 5 no such process; 6 any other failure; that of\n"
	       "PROGRAM where one was given.\n");
}
