/* SPDX-License-Identifier: BSD-2-Clause
 *
 * blocks.h - blocks of lines of the documents, as they stand there
 *
 * blocks.awk makes them: blocks_PAGE_WORD is the block of docs/PAGE.md (README:
 * of sendmail-cf/README.md) that opens with ```WORD.
 */
#ifndef VSMTPRELAY_BLOCKS_H
#define VSMTPRELAY_BLOCKS_H

extern const char blocks_postfix_map[], blocks_postfix_map_lmdb[], blocks_postfix_relay[];
extern const char blocks_exim_acl[], blocks_exim_acl_sqlite[], blocks_exim_rcpt[];
extern const char blocks_readme_mc[];
extern const char blocks_install_popwatch_conf[], blocks_install_timer[];

#endif
