/* SPDX-License-Identifier: BSD-2-Clause
 *
 * step.h - the steps of a commit, by name
 */
#ifndef RELAYDB_STEP_H
#define RELAYDB_STEP_H

#ifdef RELAYDB_TEST_STEPS
/* The steps of a commit, for tests that stop it dead between two of them;
 * nothing of it is in an ordinary build. */
extern void (*relaydb_test_step)(const char *name);

/* The form of every handle that is opened while it is set. */
struct store;
extern const struct store *relaydb_test_store;

#define STEP(name)                                                                                 \
	do {                                                                                       \
		if (relaydb_test_step)                                                             \
			relaydb_test_step(name);                                                   \
	} while (0)
#else
#define STEP(name) ((void)0)
#endif

#endif
