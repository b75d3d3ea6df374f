/* SPDX-License-Identifier: BSD-2-Clause
 *
 * control.h - the socket at which vsmtprelay(8) asks and gives orders
 *
 * A line each way:
 *	status DATABASE			lines of "NAME VALUE", then "end"
 *	get DATABASE ADDRESS		the same, of what is known of one
 *	delete DATABASE ADDRESS		"sent", "kept WHY" or "refused WHY"
 *	add DATABASE ADDRESS		the same
 * and "other DATABASE" if this is not the database that is mirrored here.
 * "kept": the engine does not have the order yet, and will get it.
 * Anyone may ask; orders are taken from root, and from the user who started the
 * daemon if that is another one: the names of the database come from clients,
 * the uid from the kernel.
 */
#ifndef RELAYMIRROR_CONTROL_H
#define RELAYMIRROR_CONTROL_H

#include <stdbool.h>

struct control;
struct mirrorhost;

/* Listens at the configured socket, while we may.  HOST must outlive it.
 * Returns NULL after logging why not. */
struct control *control_new(struct mirrorhost *host);

/* NULL is fine. */
void control_free(struct control *control);

/* The engine has the order on ADDRESS. */
void control_sent(struct control *control, const char *address);

#endif
