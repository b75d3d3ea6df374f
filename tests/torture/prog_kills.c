/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_kills.c - kill -9 at random instants over all that records, side by side
 * on one database
 *
 *	prog_kills DIRECTORY BUILD DEFINITIONS KILLS
 *
 * Three workers, each until it has killed KILLS times: "vsmtprelay add" of one
 * address; popwatch -o over a log that gets three logins before each start; a
 * login through libpam with pam_relaydb.so that writes the database by itself.
 * Each is killed after a time between nothing and somewhat more than it takes.
 * The main process reads all the time: every row that was acknowledged before
 * it began to read must be there.  Acknowledged is an add that ended with 0, a
 * login that came back from libpam, and all that is in the log when popwatch
 * ended with 0.  In the end popwatch runs once more, undisturbed; then all of
 * that must be there, and the next command leaves nothing beside the database.
 * Ends with 1 and a word on stderr otherwise.
 * Limit: so many commits a second would have to wait for the clock nearly
 * always; the main process takes mtime back, under the lock, as if the seconds
 * had passed, so that some wait and are killed there, and others are killed at
 * work.
 */
#include <errno.h>
#include <fcntl.h>
#include <relaydb.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>

enum { VSMTPRELAY, POPWATCH, PAM, WORKERS };
#define ADDRESSES_MAX 65536 /* of a worker */
#define LOGINS 3 /* before each start of popwatch */

static struct shared {
	atomic_uchar acked[WORKERS][ADDRESSES_MAX];
	unsigned killed[WORKERS], ended[WORKERS], used[WORKERS];
} * shared;

static const char *directory, *build, *definitions;
static char db_path[512], conf_path[512], log_path[512], pam_path[512], vsmtprelay[512],
    popwatch[512];
static unsigned kills;

static void die(const char *what)
{
	fprintf(stderr, "prog_kills: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void address(int worker, unsigned n, char out[32])
{
	snprintf(out, 32, "10.%d.%u.%u", worker, n / 250 % 250, n % 250);
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- what is killed ---- */

static void silent(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, 0);
	dup2(null, 1);
}

static void be_vsmtprelay(unsigned n)
{
	char text[32];

	address(VSMTPRELAY, n, text);
	silent();
	execl(vsmtprelay, "vsmtprelay", "-f", db_path, "add", text, "1900000000", NULL);
}

static void be_popwatch(unsigned n)
{
	(void)n;
	silent();
	execl(popwatch, "popwatch", "-c", conf_path, "-o", NULL);
}

static int converse(
    int count, const struct pam_message **messages, struct pam_response **responses, void *arg)
{
	(void)count, (void)messages, (void)responses, (void)arg;
	return PAM_CONV_ERR;
}

static void be_login(unsigned n)
{
	const struct pam_conv conversation = { converse, NULL };
	pam_handle_t *pam;
	char text[32];

	address(PAM, n, text);
	if (pam_start_confdir("torture", "alice", &conversation, pam_path, &pam) != PAM_SUCCESS ||
	    pam_set_item(pam, PAM_RHOST, text) != PAM_SUCCESS ||
	    pam_acct_mgmt(pam, 0) != PAM_SUCCESS || pam_end(pam, PAM_SUCCESS) != PAM_SUCCESS)
		_exit(1);
	_exit(0);
}

static void (*const victims[WORKERS])(unsigned n) = { be_vsmtprelay, be_popwatch, be_login };

/* ---- the workers ---- */

static void log_logins(unsigned first, unsigned count)
{
	int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	time_t now = time(NULL);
	char lines[1024], stamp[32], text[32];
	size_t size = 0;

	strftime(stamp, sizeof stamp, "%b %e %T", localtime(&now));
	for (unsigned n = first; n < first + count; n++) {
		address(POPWATCH, n, text);
		size += (size_t)snprintf(lines + size, sizeof lines - size,
		    "%s vm dovecot: imap-login: Login: user=<u%u>, method=PLAIN, rip=%s, "
		    "lip=127.0.0.1, mpid=1, session=<s%u>\n",
		    stamp, n, text, n);
	}
	if (fd < 0 || write(fd, lines, size) != (ssize_t)size)
		die(log_path);
	close(fd);
}

/* Runs the worker's victim for address N and kills it after DELAY microseconds;
 * 0: never.  True if it came to its end. */
static bool run_victim(int worker, unsigned n, int64_t delay)
{
	const struct timespec time = { delay / 1000000, delay % 1000000 * 1000 };
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		victims[worker](n);
		_exit(127);
	}
	if (delay > 0) {
		nanosleep(&time, NULL);
		kill(pid, SIGKILL);
	}
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
		fprintf(stderr, "prog_kills: victim %d ended with status %d\n", worker,
		    WEXITSTATUS(status));
		exit(1);
	}
	return WIFEXITED(status);
}

static void acknowledge(int worker, unsigned first, unsigned end)
{
	for (; first < end; first++)
		atomic_store(&shared->acked[worker][first], 1);
}

static void work(int worker)
{
	unsigned per_run = worker == POPWATCH ? LOGINS : 1, first_open = 0;
	int64_t takes = 20000;

	srandom((unsigned)worker + 1);
	while (shared->killed[worker] < kills && shared->used[worker] + per_run <= ADDRESSES_MAX) {
		unsigned n = shared->used[worker];
		int64_t begin, delay = 1 + random() % (takes + takes / 4);

		if (worker == POPWATCH)
			log_logins(n, LOGINS);
		shared->used[worker] += per_run;
		begin = now_us();
		if (run_victim(worker, n, delay)) {
			shared->ended[worker]++;
			/* of a popwatch all that came before, of the others
			 * this one alone */
			acknowledge(worker, worker == POPWATCH ? first_open : n, n + per_run);
			first_open = n + per_run;
			takes =
			    (takes * 7 + (now_us() - begin < delay ? now_us() - begin : delay)) / 8;
		} else {
			shared->killed[worker]++;
			takes += takes / 50; /* a busy machine: let some come to their end */
		}
	}
	if (worker == POPWATCH && run_victim(worker, 0, 0))
		acknowledge(worker, 0, shared->used[worker]);
	_exit(shared->killed[worker] < kills);
}

/* ---- the reader ---- */

static unsigned char seen[WORKERS][ADDRESSES_MAX], asked[WORKERS][ADDRESSES_MAX];

static int mark(const struct relaydb_row *row, void *arg)
{
	unsigned worker, high, low;

	(void)arg;
	if (!row->entry || sscanf(row->address, "10.%u.%u.%u", &worker, &high, &low) != 3 ||
	    worker >= WORKERS) {
		fprintf(stderr, "prog_kills: a strange row: %.*s\n", (int)row->key_size, row->key);
		return -1;
	}
	seen[worker][high * 250 + low] = 1;
	return 0;
}

/* False if one is missing that was acknowledged before. */
static bool look(struct relaydb *db)
{
	int code;

	memset(seen, 0, sizeof seen);
	for (int w = 0; w < WORKERS; w++)
		for (unsigned n = 0; n < ADDRESSES_MAX; n++)
			asked[w][n] = atomic_load(&shared->acked[w][n]);
	code = relaydb_each(db, mark, NULL);
	if (code != RELAYDB_OK && code != RELAYDB_NOFILE) {
		fprintf(stderr, "prog_kills: a reader is told: %s\n", relaydb_error(db));
		return false;
	}
	for (int w = 0; w < WORKERS; w++)
		for (unsigned n = 0; n < ADDRESSES_MAX; n++)
			if (asked[w][n] && !seen[w][n]) {
				fprintf(stderr,
				    "prog_kills: acknowledged and missing: number %u of worker "
				    "%d\n",
				    n, w);
				return false;
			}
	return true;
}

static void take_mtime_back(void)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = time(NULL) - 10 } };
	int fd = open(db_path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_mtim.tv_sec >= time(NULL) && flock(fd, LOCK_EX) == 0)
		futimens(fd, times);
	close(fd);
}

/* Until all workers have ended.  False if one failed or something was
 * missing. */
static bool watch(struct relaydb *db, unsigned long *looks)
{
	bool good = true;
	int status, left = WORKERS;

	while (left > 0) {
		good = look(db) && good;
		++*looks;
		take_mtime_back();
		while (waitpid(-1, &status, WNOHANG) > 0) {
			left--;
			good = good && status == 0;
		}
		if (!good)
			kill(0, SIGTERM);
	}
	return good;
}

static void set_up(void)
{
	char name[640];
	FILE *f;

	snprintf(db_path, sizeof db_path, "%s/relayers.db", directory);
	snprintf(conf_path, sizeof conf_path, "%s/popwatch.conf", directory);
	snprintf(log_path, sizeof log_path, "%s/mail.log", directory);
	snprintf(pam_path, sizeof pam_path, "%s/pam.d", directory);
	snprintf(vsmtprelay, sizeof vsmtprelay, "%s/vsmtprelay/vsmtprelay", build);
	snprintf(popwatch, sizeof popwatch, "%s/popwatch/popwatch", build);
	f = fopen(conf_path, "we");
	if (f == NULL)
		die(conf_path);
	fprintf(f,
	    "definitions = %s\ndatabase = %s\nstate = %s/popwatch.state\nignore = none\nuser "
	    "=\nlog = %s\n",
	    definitions, db_path, directory, log_path);
	fclose(f);
	snprintf(name, sizeof name, "%s/torture", pam_path);
	f = mkdir(pam_path, 0755) == 0 ? fopen(name, "we") : NULL;
	if (f == NULL)
		die(pam_path);
	fprintf(f,
	    "account optional %s/pam_relaydb/pam_relaydb.so db=%s socket=%s/none refresh=0 "
	    "timeout=60000\n",
	    build, db_path, directory);
	fprintf(f, "account required pam_permit.so\n");
	fclose(f);
	log_logins(0, 0);
}

int main(int argc, char **argv)
{
	static const char *const names[WORKERS] = { "vsmtprelay", "popwatch", "pam_relaydb" };
	struct relaydb_options options = { .path = db_path, .timeout_ms = 60000 };
	unsigned long looks = 0;
	struct relaydb *db;
	bool good;

	kills = argc == 5 ? (unsigned)atoi(argv[4]) : 0;
	if (kills < 1 || kills > ADDRESSES_MAX / LOGINS / 2) {
		fputs("usage: prog_kills directory build definitions kills\n", stderr);
		return 64;
	}
	directory = argv[1];
	build = argv[2];
	definitions = argv[3];
	set_up();
	shared =
	    mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || setpgid(0, 0) != 0)
		die("cannot begin");
	signal(SIGTERM, SIG_IGN); /* for the group's sake */
	for (int w = 0; w < WORKERS; w++)
		if (fork() == 0) {
			signal(SIGTERM, SIG_DFL);
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			work(w);
		}
	if (relaydb_open(&db, &options) != RELAYDB_OK)
		die("relaydb_open");
	good = watch(db, &looks);
	if (relaydb_settle(db, time(NULL)) != RELAYDB_OK) {
		fprintf(stderr, "prog_kills: %s\n", relaydb_error(db));
		good = false;
	}
	good = look(db) && good;
	relaydb_close(&db);
	for (int w = 0; w < WORKERS; w++)
		printf("%s: %u killed, %u came to their end\n", names[w], shared->killed[w],
		    shared->ended[w]);
	printf("%lu looks of a reader, none missed an acknowledged row\n", looks);
	return !good;
}
