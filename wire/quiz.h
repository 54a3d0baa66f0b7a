/* quiz.h: predict, observe, explain. Before a segment is delivered the quiz asks in which state each end will be after
 * it; then the kernel tells, and where the answer was wrong the RFC's rule says why.
 *
 * Whoever drives the wire calls quiz_ask before a delivery, and quiz_answer until it is ready; then it delivers. The
 * quiz is a view as well: it sees the delivery, and what it changed. What came of
 * the answers are events as well (EVENT_ANSWER): whoever drives hands them to the wire once the packet is delivered.
 */
#ifndef WIRE_QUIZ_H
#define WIRE_QUIZ_H

#include "event.h"
#include "lines.h"
#include "quiz_rules.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { QUIZ_CHOICES = 4, QUIZ_CONNECTIONS = 64 };

/* Until where each end has sent, once it has sent its FIN: to know which ACK is for that. */
struct quiz_fins {
    int connection;
    bool sent[HOSTS];
    uint32_t end[HOSTS]; /* the acknowledgement number that answers it, relative */
};

struct quiz_guess {
    bool asked;
    enum tcp_state answer; /* STATE_NONE: not known */
    long long took_us;
};

struct quiz {
    bool ascii;
    /* the question of the moment */
    int packet; /* 0 = none */
    bool asking;
    enum host_id from, end;
    enum segment_kind kind;
    struct state_pair states; /* when it was asked */
    enum tcp_state choices[QUIZ_CHOICES];
    long long asked_us;
    struct quiz_guess guess[HOSTS];
    char segment[200];
    /* what came of it */
    struct lines verdict;       /* about the packet that was delivered last */
    struct lines wrong;         /* everything to be repeated at the end */
    struct event events[HOSTS]; /* ... and its answers, for the wire */
    struct prediction predictions[HOSTS];
    int answer_count;
    int questions, right, unknown, quiet_packets;
    struct quiz_fins fins[QUIZ_CONNECTIONS];
};

enum quiz_reply { QUIZ_READY, QUIZ_NEXT, QUIZ_NO_STATE };

/* The view (view_fn); context is the struct quiz. */
void quiz_see(void *context, const struct event *event);

/* Whether there is something to ask about this packet, before it is delivered. The question then stands. */
bool quiz_ask(struct quiz *quiz, const struct frame *frame, const struct state_pair *states);

/* The question, in lines. */
void quiz_question(const struct quiz *quiz, struct lines *lines, int columns);

/* Takes an answer: the number of a choice, a state in any spelling, or "" for "I don't know". QUIZ_READY: deliver now;
 * QUIZ_NEXT: the next question stands; QUIZ_NO_STATE: that was no answer, the question stands. */
enum quiz_reply quiz_answer(struct quiz *quiz, const char *text);

/* Nothing is asked about that packet after all. */
void quiz_give_up(struct quiz *quiz);

/* "3 of 5 right". */
enum { QUIZ_SCORE_SIZE = 48 };
const char *quiz_score(const struct quiz *quiz, char text[QUIZ_SCORE_SIZE]);

/* The end: prints the score, and again what was wrong. */
void quiz_close(struct quiz *quiz, FILE *out);

#endif
