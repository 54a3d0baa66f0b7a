/* Your variant of the task: the word with which the receiver says "I have the name, go on". It has 2 to 6 letters. */
#define ANSWER "ok"
