/* SPDX-License-Identifier: BSD-2-Clause
 *
 * assert_code.h - a call of librelaydb has returned this code; what it said, if
 * not
 */
#ifndef TESTS_ASSERT_CODE_H
#define TESTS_ASSERT_CODE_H

#include "relaydb.h"

#define assert_code(db, call, code)                                                                \
	do {                                                                                       \
		int assert_code_is = (call);                                                       \
		if (assert_code_is != (code))                                                      \
			print_error(                                                               \
			    "%s: %s\n", relaydb_strcode(assert_code_is), relaydb_error(db));       \
		assert_int_equal(assert_code_is, code);                                            \
	} while (0)

#endif
