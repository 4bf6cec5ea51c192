// SPDX-License-Identifier: GPL-2.0
/*
 * For how long does nobody answer? Sends a datagram each millisecond to the peer (scripts/peer), which sends it back, until its
 * standard input ends; then prints the longest time between two answers, in milliseconds.
 * usage: gap ADDRESS PORT READY	makes the file READY when there are answers
 *
 * What can't be sent, for there is no interface or no route, is not answered.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ENOUGH	100	/* answers, before anything else is to happen */

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct pollfd input = { .fd = 0, .events = POLLIN };
	double longest = 0, last = 0, at;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), answers = 0;
	char byte;

	if (argc != 4 || !inet_pton(AF_INET, argv[1], &to.sin_addr))
		errx(3, "usage: gap ADDRESS PORT READY");
	to.sin_port = htons(atoi(argv[2]));
	while (!poll(&input, 1, 1)) {
		sendto(fd, "?", 1, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to));
		while (recv(fd, &byte, 1, MSG_DONTWAIT) >= 0) {
			at = now_ms();
			if (answers >= ENOUGH && at - last > longest)
				longest = at - last;
			last = at;
			if (++answers == ENOUGH)
				close(open(argv[3], O_WRONLY | O_CREAT, 0600));
		}
	}
	at = now_ms();
	printf("%.0f\n", at - last > longest ? at - last : longest);
	return answers < ENOUGH;
}
