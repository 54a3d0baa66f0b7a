/* Your variant of the task: the word with which each call begins, and the byte that ends the call and its answer.
 * Without a seed "call" and a newline; at most 6 letters, and one byte. */
#define CALL "call"
#define END "\n"
