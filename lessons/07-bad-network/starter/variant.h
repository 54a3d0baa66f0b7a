/* Your variant of the task: the server answers each byte b with (b + SHIFT) mod 256. With 0 it is an echo. */
#define SHIFT 0

/* Your variant of the task: the word with which the receiver says "I have the name, go on". It has 2 to 6 letters. */
#define ANSWER "ok"
