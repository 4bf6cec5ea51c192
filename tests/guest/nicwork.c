// SPDX-License-Identifier: GPL-2.0
/*
 * What the fault campaign does with a network adapter, in one program, because in an emulated machine it is the
 * programs that cost time. The peer is scripts/peer.
 *
 *	nicwork send ADDRESS PORT BYTES		by TCP
 *	nicwork receive ADDRESS PORT BYTES SEED	by TCP
 *	nicwork datagrams ADDRESS PORT COUNT	of growing size, which come back
 *	nicwork ping IFACE ADDRESS
 *	nicwork settings IFACE			promiscuous and not, a multicast address more and less
 *	nicwork mtu IFACE			1400, and 1500 again
 *	nicwork down-up IFACE			and until there is carrier
 *	nicwork ask IFACE			prints what the driver says of its adapter
 *	nicwork hold SOCKET ADDRESS PORT BYTES	sends half of that by TCP; keeps the connection, in the background ...
 *	nicwork finish SOCKET SECONDS		... until now: sends the rest, and prints what became of it within that
 *						time: kept, broken or wrong
 *
 * Status: 0 all was right; 1 not all came within $PATIENCE seconds (6; four times as long for what is no traffic); 2 what
 * came was wrong, or a setting was refused; 3 a mistake in the arguments.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sha256.h"

#define SILENT		1
#define WRONG		2
#define MISTAKE		3
#define FULL_FRAME	1472
#define TRIES		5
#define CHUNK		16384
#define MAX_ANSWER	65536

static int patience = 6;

static void give_up(int signal)
{
	(void)signal;
	_exit(SILENT);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Each call that waits for the other side ends by then. */
static void set_patience(int fd, int seconds)
{
	struct timeval time = { .tv_sec = seconds };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

/* A socket of the peer's; -1: it does not answer. */
static int reach(int type, const char *address, const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || !inet_aton(address, &to.sin_addr))
		errx(MISTAKE, "%s is no address", address);
	set_patience(fd, patience);
	if (!connect(fd, (void *)&to, sizeof(to)))
		return fd;
	close(fd);
	return -1;
}

static bool put(int fd, const void *data, size_t size)
{
	while (size) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		data = (const char *)data + n;
		size -= n;
	}
	return true;
}

static bool get(int fd, void *data, size_t size)
{
	while (size) {
		ssize_t n = recv(fd, data, size, 0);

		if (n <= 0)
			return false;
		data = (char *)data + n;
		size -= n;
	}
	return true;
}

/* The next bytes of what is sent: any, but the same each time. */
static void fill(unsigned char *data, size_t size, uint64_t *state)
{
	size_t i;

	for (i = 0; i < size; i++) {
		*state = *state * 6364136223846793005ull + 1442695040888963407ull;
		data[i] = *state >> 56;
	}
}

/* Data that goes to the peer's "sink", which answers with its sum. */
struct stream {
	int fd;
	uint64_t state;
	struct sha256 sum;
};

static bool stream_begin(struct stream *stream, const char *address, const char *port, size_t size)
{
	char line[40];

	stream->fd = reach(SOCK_STREAM, address, port);
	stream->state = 1;
	sha256_begin(&stream->sum);
	snprintf(line, sizeof(line), "sink %zu\n", size);
	return stream->fd >= 0 && put(stream->fd, line, strlen(line));
}

static bool stream_send(struct stream *stream, size_t size)
{
	unsigned char data[CHUNK];

	while (size) {
		size_t n = size < sizeof(data) ? size : sizeof(data);

		fill(data, n, &stream->state);
		sha256_add(&stream->sum, data, n);
		if (!put(stream->fd, data, n))
			return false;
		size -= n;
	}
	return true;
}

/* Is it what the peer has? */
static int stream_end(struct stream *stream)
{
	char mine[SHA256_HEX + 1], said[SHA256_HEX + 1];

	if (!get(stream->fd, said, sizeof(said)))
		return SILENT;
	sha256_end(&stream->sum, mine);
	return memcmp(said, mine, SHA256_HEX) ? WRONG : 0;
}

static int do_send(char **words)
{
	struct stream stream;
	size_t size = atol(words[2]);

	if (!stream_begin(&stream, words[0], words[1], size) || !stream_send(&stream, size))
		return SILENT;
	return stream_end(&stream);
}

static int do_receive(char **words)
{
	char mine[SHA256_HEX + 1], said[SHA256_HEX + 1], data[CHUNK];
	int fd = reach(SOCK_STREAM, words[0], words[1]);
	size_t size = atol(words[2]);
	struct sha256 sum;
	ssize_t n;

	snprintf(data, sizeof(data), "source %zu %s\n", size, words[3]);
	if (fd < 0 || !put(fd, data, strlen(data)) || !get(fd, said, sizeof(said)))
		return SILENT;
	sha256_begin(&sum);
	while (size && (n = recv(fd, data, sizeof(data), 0)) > 0) {
		sha256_add(&sum, data, n);
		size -= n < (ssize_t)size ? (size_t)n : size;
	}
	sha256_end(&sum, mine);
	if (size)
		return SILENT;
	return memcmp(said, mine, SHA256_HEX) ? WRONG : 0;
}

/* Some may be lost, so each is sent again; late answers to earlier ones say so in their first bytes. */
static int do_datagrams(char **words)
{
	unsigned char sent[FULL_FRAME], back[FULL_FRAME + 1];
	int fd = reach(SOCK_DGRAM, words[0], words[1]);
	int i, try, count = atoi(words[2]);
	long end = now_ms() + patience * 1000;
	uint64_t state = 7;

	set_patience(fd, 1);
	for (i = 1; i <= count; i++) {
		ssize_t size = FULL_FRAME * i / count, n = -1;
		int number = 0;

		fill(sent, size, &state);
		memcpy(sent, &i, sizeof(i));
		for (try = 0; try < TRIES && number != i && now_ms() < end; try++) {
			send(fd, sent, size, 0);
			do {
				n = recv(fd, back, sizeof(back), 0);
				if (n >= (ssize_t)sizeof(number))
					memcpy(&number, back, sizeof(number));
			} while (n > 0 && number < i && now_ms() < end);
		}
		if (number > i || (number == i && (n != size || memcmp(sent, back, size))))
			return WRONG;
		if (number != i)
			return SILENT;
	}
	return 0;
}

static uint16_t checksum(const void *data, size_t size)
{
	const uint16_t *word = data;
	uint32_t sum = 0;

	for (; size > 1; size -= 2)
		sum += *word++;
	sum = (sum >> 16) + (sum & 0xffff);
	return ~(sum + (sum >> 16));
}

static int do_ping(char **words)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct {
		struct icmphdr head;
		char data[56];
	} request = { .head = { .type = ICMP_ECHO, .un.echo = { .id = htons(getpid()), .sequence = 1 } } };
	char back[256];
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	long end = now_ms() + 2000;
	ssize_t n;

	if (fd < 0 || !inet_aton(words[1], &to.sin_addr))
		errx(MISTAKE, "%s is no address", words[1]);
	set_patience(fd, 2);
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, words[0], strlen(words[0]) + 1))
		return SILENT;
	request.head.checksum = checksum(&request, sizeof(request));
	if (sendto(fd, &request, sizeof(request), 0, (void *)&to, sizeof(to)) < 0)
		return SILENT;
	while (now_ms() < end && (n = recv(fd, back, sizeof(back), 0)) > 0) {
		const struct icmphdr *head = (void *)(back + (back[0] & 15) * 4);

		if ((char *)(head + 1) <= back + n && head->type == ICMP_ECHOREPLY &&
		    head->un.echo.id == request.head.un.echo.id)
			return 0;
	}
	return SILENT;
}

/* --- settings */

static int control = -1;
static struct ifreq ifreq;

static void control_open(const char *iface)
{
	control = socket(AF_INET, SOCK_DGRAM, 0);
	snprintf(ifreq.ifr_name, sizeof(ifreq.ifr_name), "%s", iface);
}

static bool set_flag(short flag, bool on)
{
	if (ioctl(control, SIOCGIFFLAGS, &ifreq))
		return false;
	ifreq.ifr_flags = on ? ifreq.ifr_flags | flag : ifreq.ifr_flags & ~flag;
	return !ioctl(control, SIOCSIFFLAGS, &ifreq);
}

static bool set_multicast(unsigned long request)
{
	static const unsigned char group[6] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x77 };

	memset(&ifreq.ifr_hwaddr, 0, sizeof(ifreq.ifr_hwaddr));
	memcpy(ifreq.ifr_hwaddr.sa_data, group, sizeof(group));
	return !ioctl(control, request, &ifreq);
}

static int do_settings(char **words)
{
	control_open(words[0]);
	return set_flag(IFF_PROMISC, true) && set_flag(IFF_PROMISC, false) &&
	       set_multicast(SIOCADDMULTI) && set_multicast(SIOCDELMULTI) ? 0 : WRONG;
}

static bool set_mtu(int mtu)
{
	ifreq.ifr_mtu = mtu;
	return !ioctl(control, SIOCSIFMTU, &ifreq);
}

static int do_mtu(char **words)
{
	control_open(words[0]);
	return set_mtu(1400) && set_mtu(1500) ? 0 : WRONG;
}

static bool carrier(const char *iface)
{
	char path[64], said = 0;
	int fd;

	snprintf(path, sizeof(path), "/sys/class/net/%s/carrier", iface);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, &said, 1) != 1)
		said = 0;
	close(fd);
	return said == '1';
}

static int do_down_up(char **words)
{
	long end;

	control_open(words[0]);
	if (!set_flag(IFF_UP, false) || !set_flag(IFF_UP, true))
		return WRONG;
	for (end = now_ms() + patience * 1000; !carrier(words[0]); usleep(10000))
		if (now_ms() > end)
			return SILENT;
	return 0;
}

/* --- what it says of itself */

static char answer[MAX_ANSWER] __attribute__((aligned(8)));

static int question(uint32_t command)
{
	*(uint32_t *)answer = command;
	ifreq.ifr_data = answer;
	return ioctl(control, SIOCETHTOOL, &ifreq) < 0 ? errno : 0;
}

static void ask_simple(const char *name, uint32_t command)
{
	memset(answer, 0, sizeof(answer));
	printf("%s %d\n", name, question(command));
}

static void ask_statistics(void)
{
	struct ethtool_sset_info *info = (void *)answer;
	struct ethtool_gstrings *strings = (void *)answer;
	struct ethtool_stats *stats = (void *)answer;
	uint32_t count = 0;
	int status;

	memset(answer, 0, sizeof(answer));
	info->sset_mask = 1 << ETH_SS_STATS;
	status = question(ETHTOOL_GSSET_INFO);
	if (!status && info->sset_mask)
		count = info->data[0];
	printf("statistics %d %u", status, count);
	if (count && count < MAX_ANSWER / ETH_GSTRING_LEN - 1) {
		struct sha256 names;
		char hex[SHA256_HEX + 1];

		memset(answer, 0, sizeof(answer));
		strings->string_set = ETH_SS_STATS;
		strings->len = count;
		printf(" %d", question(ETHTOOL_GSTRINGS));
		sha256_begin(&names);
		sha256_add(&names, strings->data, count * ETH_GSTRING_LEN);
		sha256_end(&names, hex);
		printf(" %.8s", hex);
		memset(answer, 0, sizeof(answer));
		stats->n_stats = count;
		printf(" %d", question(ETHTOOL_GSTATS));
	}
	puts("");
}

static void ask_driver(void)
{
	struct ethtool_drvinfo *info = (void *)answer;
	struct ethtool_regs *regs = (void *)answer;
	uint32_t size;

	memset(answer, 0, sizeof(answer));
	printf("driver %d %.32s %.32s %.32s %.32s %u %u %u\n", question(ETHTOOL_GDRVINFO), info->driver,
	       info->version, info->fw_version, info->bus_info, info->n_stats, info->eedump_len,
	       info->regdump_len);
	size = info->regdump_len;
	if (!size || size > MAX_ANSWER - sizeof(*regs))
		return;
	memset(answer, 0, sizeof(answer));
	regs->len = size;
	printf("registers %d", question(ETHTOOL_GREGS));
	printf(" %u %u\n", regs->version, regs->len);
}

/* But for speed, duplex and MDI-X, which are the cable's. */
static void ask_link(void)
{
	struct ethtool_link_settings *link = (void *)answer;
	int i, words;

	memset(answer, 0, sizeof(answer));
	question(ETHTOOL_GLINKSETTINGS);	/* it says how many words there are */
	words = -link->link_mode_masks_nwords;
	memset(answer, 0, sizeof(answer));
	link->link_mode_masks_nwords = words;
	printf("link %d %u %u %u", question(ETHTOOL_GLINKSETTINGS), link->port, link->phy_address,
	       link->autoneg);
	for (i = 0; i < 2 * words && words > 0; i++)	/* supported, advertised */
		printf(" %x", link->link_mode_masks[i]);
	puts("");
}

static void ask_words(const char *name, uint32_t command, int first, int count)
{
	const uint32_t *word = (void *)answer;
	int i;

	memset(answer, 0, sizeof(answer));
	printf("%s %d", name, question(command));
	for (i = first; i < first + count; i++)
		printf(" %x", word[i]);
	puts("");
}

static int do_ask(char **words)
{
	struct ethtool_gfeatures *features = (void *)answer;
	int i;

	control_open(words[0]);
	ask_statistics();
	ask_driver();
	ask_words("rings", ETHTOOL_GRINGPARAM, 1, 8);
	ask_simple("coalescing", ETHTOOL_GCOALESCE);
	ask_words("pause", ETHTOOL_GPAUSEPARAM, 1, 3);
	ask_words("wake-up", ETHTOOL_GWOL, 1, 2);
	ask_words("messages", ETHTOOL_GMSGLVL, 1, 1);
	ask_link();
	ask_simple("carrier", ETHTOOL_GLINK);
	memset(answer, 0, sizeof(answer));
	features->size = 2;
	printf("features %d", question(ETHTOOL_GFEATURES));
	for (i = 0; i < 2; i++)
		printf(" %x %x", features->features[i].available, features->features[i].active);
	puts("");
	if (ioctl(control, SIOCGIFHWADDR, &ifreq))
		return SILENT;
	for (i = 0; i < 6; i++)
		printf("%02x%c", (unsigned char)ifreq.ifr_hwaddr.sa_data[i], i < 5 ? ':' : '\n');
	return 0;
}

/* --- a connection that lasts */

static int meet(const char *path, bool listens)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (listens)
		unlink(path);
	if (listens ? bind(fd, (void *)&at, sizeof(at)) || listen(fd, 1) : connect(fd, (void *)&at, sizeof(at)))
		err(SILENT, "%s", path);
	return fd;
}

static int do_hold(char **words)
{
	static const char *const became[] = { [0] = "kept", [SILENT] = "broken", [WRONG] = "wrong" };
	size_t size = atol(words[3]);
	int door, user, seconds, status = SILENT;
	struct stream stream;

	if (!stream_begin(&stream, words[1], words[2], size) || !stream_send(&stream, size / 2))
		return SILENT;
	door = meet(words[0], true);
	if (daemon(1, 0))
		err(SILENT, "daemon");
	user = accept(door, NULL, NULL);
	if (user < 0 || !get(user, &seconds, sizeof(seconds)))
		return SILENT;
	set_patience(stream.fd, seconds ?: 1);
	if (stream_send(&stream, size - size / 2))
		status = stream_end(&stream);
	put(user, became[status], strlen(became[status]));
	return status;
}

static int do_finish(char **words)
{
	int door = meet(words[0], false), seconds = atoi(words[1]);
	char said[16];
	ssize_t n;

	set_patience(door, seconds + 2 * patience);
	put(door, &seconds, sizeof(seconds));
	n = recv(door, said, sizeof(said), 0);
	if (n <= 0)
		return SILENT;
	printf("%.*s\n", (int)n, said);
	return 0;
}

static const struct verb {
	const char *name;
	int words;
	int (*run)(char **words);
	int patience;		/* times as much */
} verbs[] = {
	{ "send", 3, do_send, 1 }, { "receive", 4, do_receive, 1 }, { "datagrams", 3, do_datagrams, 1 },
	{ "ping", 2, do_ping, 1 }, { "settings", 1, do_settings, 4 }, { "mtu", 1, do_mtu, 4 },
	{ "down-up", 1, do_down_up, 4 }, { "ask", 1, do_ask, 4 },
	/* These have times of their own. */
	{ "hold", 4, do_hold, 0 }, { "finish", 2, do_finish, 0 },
};

int main(int argc, char **argv)
{
	const char *said = getenv("PATIENCE");
	const struct verb *verb;

	if (said && atoi(said) > 0)
		patience = atoi(said);
	for (verb = verbs; verb < verbs + sizeof(verbs) / sizeof(*verbs); verb++)
		if (argc == verb->words + 2 && !strcmp(argv[1], verb->name)) {
			signal(SIGALRM, give_up);
			alarm(verb->patience * patience);
			return verb->run(argv + 2);
		}
	errx(MISTAKE, "see the head of tests/guest/nicwork.c");
}
