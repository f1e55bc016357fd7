/* Makes System V objects and pseudo terminals until there are no more: prints "NAME COUNT" for each kind. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#define MOST 64
#define MIB (1 << 20)

static int made(int (*make)(void), int (*end)(int))
{
	int ids[MOST];
	int count = 0;

	while (count < MOST && (ids[count] = make()) >= 0)
		count++;
	for (int i = 0; i < count; i++)
		end(ids[i]);
	return count;
}

static int small_segment(void) { return shmget(IPC_PRIVATE, 4096, 0600); }
static int large_segment(void) { return shmget(IPC_PRIVATE, MIB, 0600); }
static int end_segment(int id) { return shmctl(id, IPC_RMID, NULL); }
static int queue(void) { return msgget(IPC_PRIVATE, 0600); }
static int end_queue(int id) { return msgctl(id, IPC_RMID, NULL); }
static int semaphore(void) { return semget(IPC_PRIVATE, 1, 0600); }
static int end_semaphore(int id) { return semctl(id, 0, IPC_RMID); }
static int terminal(void) { return open("/dev/ptmx", O_RDWR | O_NOCTTY); }
/* Closed at the end. */
static int end_terminal(int fd) { return fd; }

/* How many operations one semop(2) may have. */
static int operations(void)
{
	struct sembuf all[MOST] = { 0 };
	int id = semget(IPC_PRIVATE, 1, 0600);
	int count = 0;

	for (int i = 0; i < MOST; i++)
		all[i].sem_op = 1;
	while (count < MOST && semop(id, all, count + 1) == 0)
		count++;
	semctl(id, 0, IPC_RMID);
	return count;
}

/* How many bytes one queue takes, in messages of 1 KiB. */
static int queue_bytes(void)
{
	struct { long type; char text[1024]; } message = { .type = 1 };
	int id = msgget(IPC_PRIVATE, 0600);
	int count = 0;

	while (count < MOST && msgsnd(id, &message, sizeof(message.text), IPC_NOWAIT) == 0)
		count++;
	msgctl(id, IPC_RMID, NULL);
	return count * 1024;
}

int main(void)
{
	printf("nshm %d\n", made(small_segment, end_segment));
	printf("shmsize %d\n", made(large_segment, end_segment));
	printf("nmsgq %d\n", made(queue, end_queue));
	printf("msgqsize %d\n", queue_bytes());
	printf("nsem %d\n", made(semaphore, end_semaphore));
	printf("nsemop %d\n", operations());
	printf("pseudoterminals %d\n", made(terminal, end_terminal));
	return 0;
}
