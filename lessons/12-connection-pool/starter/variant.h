/* Your variant of the task: the word with which each call begins. "call" if you have no seed; at most 6 letters. */
#define CALL "call"
