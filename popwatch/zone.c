/* SPDX-License-Identifier: BSD-2-Clause
 *
 * zone.c - the time zone of stamps that have no offset, see zone.h
 */
#include "zone.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

bool zone_exists(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_+-/";
	char path[PATH_MAX];
	struct stat st;

	if (name[strspn(name, letters)] != '\0' || *name == '/' || strlen(name) > 64)
		return false;
	if (strcmp(name, "UTC") == 0)
		return true;
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool zone_set(const char *name)
{
	if (*name == '\0')
		return true;
	if (setenv("TZ", name, 1) != 0)
		return false;
	tzset();
	return true;
}
