/* SPDX-License-Identifier: BSD-2-Clause
 *
 * position.h - how far a file was read, as a line of the state file
 */
#ifndef POPWATCH_POSITION_H
#define POPWATCH_POSITION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct file_position {
	uint64_t device;
	uint64_t inode;
	uint64_t hash;
	uint64_t offset;
	const char *path; /* points into the line */
};

/* Reads "DEVICE INODE HASH OFFSET PATH".  Returns false if LINE is none of
 * these. */
bool position_parse(const char *line, struct file_position *position);

/* Writes "file DEVICE INODE HASH OFFSET PATH" and a line end to OUT. */
void position_print(const struct file_position *position, FILE *out);

#endif
