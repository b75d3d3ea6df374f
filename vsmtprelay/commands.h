/* SPDX-License-Identifier: BSD-2-Clause
 *
 * commands.h - what vsmtprelay can do: the tables of its commands
 *
 * main.c owns the command line around them and the end of standard output.
 */
#ifndef VSMTPRELAY_COMMANDS_H
#define VSMTPRELAY_COMMANDS_H

#include "command.h"

/* In the order of the usage page; the last has no name. */
extern const struct command commands[];

/* How options are written; the last has no name. */
extern const struct option_name {
	const char *text;
	enum command_option option;
} option_names[];

/* What people write for a command; the last has no name. */
extern const struct alias {
	const char *name, *command;
	bool taken; /* it is the command; else it is only asked whether it was meant */
} aliases[];

#endif
