/* SPDX-License-Identifier: BSD-2-Clause
 *
 * login.c - what pam_relaydb.so adds to a login, in microseconds
 *
 *	login DIRECTORY MODULE DATABASE COUNT
 *
 * Logins through libpam with a service of pam_permit.so, then with
 * pam_relaydb.so in its account phase: over an address that was recorded
 * moments ago, over a new address that the module writes into DATABASE by
 * itself, and over a new address that it hands to a socket (somebody reads it,
 * as popwatch would).  A login is pam_start, pam_acct_mgmt, pam_end.  Prints a
 * line for each kind: name, p50, p99.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>

static const char *directory, *module, *database;
static char socket_path[512];

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The service NAME, with the module and these arguments of it; NULL: without
 * it. */
static void service(const char *name, const char *arguments)
{
	char path[640];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	f = fopen(path, "we");
	if (f == NULL)
		die(path);
	if (arguments != NULL)
		fprintf(
		    f, "account optional %s db=%s timeout=60000 %s\n", module, database, arguments);
	fprintf(f, "account required pam_permit.so\n");
	fclose(f);
}

static int converse(
    int count, const struct pam_message **messages, struct pam_response **responses, void *arg)
{
	(void)count, (void)messages, (void)responses, (void)arg;
	return PAM_CONV_ERR;
}

static double login(const char *name, const char *address)
{
	const struct pam_conv conversation = { converse, NULL };
	double begin = now_us();
	pam_handle_t *pam;

	if (pam_start_confdir(name, "alice", &conversation, directory, &pam) != PAM_SUCCESS ||
	    pam_set_item(pam, PAM_RHOST, address) != PAM_SUCCESS ||
	    pam_acct_mgmt(pam, 0) != PAM_SUCCESS)
		die(name);
	pam_end(pam, PAM_SUCCESS);
	return now_us() - begin;
}

/* NETWORK: the addresses are new ones from there; 0: always the same one. */
static void measure(const char *name, int count, int network)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = time(NULL) - 86400 } };
	double *us = calloc((size_t)count, sizeof *us);
	char address[32];

	if (us == NULL)
		die("memory");
	login(name, "192.0.2.1");
	for (int i = 0; i < count; i++) {
		snprintf(address, sizeof address, network == 0 ? "192.0.2.1" : "172.%d.%d.%d",
		    network, i / 250, i % 250);
		/* commits that come faster than one a second would have to
		 * wait */
		utimensat(AT_FDCWD, database, times, 0);
		us[i] = login(name, address);
	}
	qsort(us, (size_t)count, sizeof *us, by_size);
	printf("%s %.0f %.0f\n", name, us[count / 2], us[count * 99 / 100]);
	fflush(stdout);
	free(us);
}

static void *take(void *arg)
{
	char buffer[1024];

	while (recv(*(int *)arg, buffer, sizeof buffer, 0) > 0)
		;
	return NULL;
}

static int listen_there(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (strlen(socket_path) >= sizeof name.sun_path)
		die("the directory's name is too long");
	strcpy(name.sun_path, socket_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof name) != 0 ||
	    chmod(socket_path, 0666) != 0)
		die(socket_path);
	return fd;
}

int main(int argc, char **argv)
{
	int count = argc == 5 ? atoi(argv[4]) : 0, fd;
	char arguments[640];
	pthread_t taker;

	if (count < 1) {
		fputs("usage: login directory module database count\n", stderr);
		return 64;
	}
	directory = argv[1];
	module = argv[2];
	database = argv[3];
	snprintf(socket_path, sizeof socket_path, "%s/s", directory);
	fd = listen_there();
	if (pthread_create(&taker, NULL, take, &fd) != 0)
		die("pthread_create");
	snprintf(arguments, sizeof arguments, "socket=%s/none refresh=60", directory);
	service("without", NULL);
	service("recent", arguments);
	service("written", arguments);
	snprintf(arguments, sizeof arguments, "socket=%s", socket_path);
	service("handed-over", arguments);
	measure("without", count, 0);
	measure("recent", count, 0);
	measure("written", count, 16);
	measure("handed-over", count, 17);
	shutdown(fd, SHUT_RDWR);
	pthread_join(taker, NULL);
	return 0;
}
