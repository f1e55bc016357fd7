/* The tests of whole jails: statements, and the functions that prove them. */
#ifndef TEST_JAIL_TESTS_H
#define TEST_JAIL_TESTS_H

struct test {
	const char *title;
	void (*run)(void);
};

/* Each ends with an empty one. */
extern const struct test plan_tests[], build_tests[], run_tests[], exec_tests[], shelf_tests[],
	answers_tests[], again_tests[], check_tests[], notify_tests[];

#endif
