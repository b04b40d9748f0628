/* SPDX-License-Identifier: Apache-2.0 */
/* Each way in which a profile can be wrong is told, with its line, and in words that say what is allowed. A good profile
 * is changed in one place at a time. */

#include <errno.h>

#include "profile-text.h"
#include "unit.h"
#include "util/macros.h"

/* Two streams of messages, joined; one of frames; one of lines: all that the format has. */
static const char good[] =
        "[profile good]\n"                                                                 /* 1 */
        "Label=good\n"                                                                     /* 2 */
        "[characteristics]\n"                                                              /* 3 */
        "acc=00000001-0000-0000-0000-000000000000, 00000002-0000-0000-0000-000000000000\n" /* 4 */
        "gyro=00000003-0000-0000-0000-000000000000\n"                                      /* 5 */
        "command=00000004-0000-0000-0000-000000000000 beside acc\n"                        /* 6 */
        "[match]\n"                                                                        /* 7 */
        "Name=Good *, Better?\n"                                                           /* 8 */
        "Service=00000001-0000-0000-0000-000000000000\n"                                   /* 9 */
        "Company=0x0001 0xffff\n"                                                          /* 10 */
        "Address=AA:BB:*\n"                                                                /* 11 */
        "Model=1, 2\n"                                                                     /* 12 */
        "Require=name service\n"                                                           /* 13 */
        "[rates]\n"                                                                        /* 14 */
        "50=32\n"                                                                          /* 15 */
        "100=64\n"                                                                         /* 16 */
        "Default=100\n"                                                                    /* 17 */
        "[init]\n"                                                                         /* 18 */
        "Step=write command 01 {rate} \"{hz} Hz\\n\"\n"                                    /* 19 */
        "Step=wait 100\n"                                                                  /* 20 */
        "[stop]\n"                                                                         /* 21 */
        "Step=send command 00\n"                                                           /* 22 */
        "[idle]\n"                                                                         /* 23 */
        "Kind=slow\n"                                                                      /* 24 */
        "Hz=10\n"                                                                          /* 25 */
        "Step=write command 02\n"                                                          /* 26 */
        "[wake]\n"                                                                         /* 27 */
        "Step=write command 03\n"                                                          /* 28 */
        "[battery]\n"                                                                      /* 29 */
        "Kind=stream\n"                                                                    /* 30 */
        "Stream=gyro\n"                                                                    /* 31 */
        "When=0:42\n"                                                                      /* 32 */
        "Value=1 u16 0.01\n"                                                               /* 33 */
        "Table=4:100 3:0\n"                                                                /* 34 */
        "Every=60\n"                                                                       /* 35 */
        "Step=write command 04\n"                                                          /* 36 */
        "[quirks]\n"                                                                       /* 37 */
        "ConnectCooldown=40\n"                                                             /* 38 */
        "WeakAdverts=yes\n"                                                                /* 39 */
        "[stream acc]\n"                                                                   /* 40 */
        "Characteristic=acc\n"                                                             /* 41 */
        "Framing=message\n"                                                                /* 42 */
        "[stream gyro]\n"                                                                  /* 43 */
        "Characteristic=gyro\n"                                                            /* 44 */
        "Framing=fixed 13\n"                                                               /* 45 */
        "Sync=41 4243\n"                                                                   /* 46 */
        "[packet acc]\n"                                                                   /* 47 */
        "Stream=acc\n"                                                                     /* 48 */
        "When=0:40/f0\n"                                                                   /* 49 */
        "Length=14..200\n"                                                                 /* 50 */
        "Base=8\n"                                                                         /* 51 */
        "Samples=rest\n"                                                                   /* 52 */
        "Stride=6\n"                                                                       /* 53 */
        "Order=interleaved\n"                                                              /* 54 */
        "Count=1 u8\n"                                                                     /* 55 */
        "Seq=2 u8\n"                                                                       /* 56 */
        "Time=3 u32 us first\n"                                                            /* 57 */
        "Acc=0 i16 16/32768 g\n"                                                           /* 58 */
        "AccClip=15.9\n"                                                                   /* 59 */
        "Axes=+x+y+z\n"                                                                    /* 60 */
        "Join=gyro\n"                                                                      /* 61 */
        "[packet gyro]\n"                                                                  /* 62 */
        "Stream=gyro\n"                                                                    /* 63 */
        "When=0:41\n"                                                                      /* 64 */
        "Base=1\n"                                                                         /* 65 */
        "Samples=2\n"                                                                      /* 66 */
        "Stride=6\n"                                                                       /* 67 */
        "Gyro=0 i16be 2000/32768 dps\n"                                                    /* 68 */
        "GyroClip=1990\n"                                                                  /* 69 */
        "GyroAxes=-y+x+z\n"                                                                /* 70 */
        "[test acc]\n"                                                                     /* 71 */
        "Packet=acc\n"                                                                     /* 72 */
        "Hex=4001 07 40420f00 00 000000000008\n"                                           /* 73 */
        "Acc=0 0 1\n"                                                                      /* 74 */
        "Time=1\n"                                                                         /* 75 */
        "Seq=7\n"                                                                          /* 76 */
        "[test gyro]\n"                                                                    /* 77 */
        "Packet=gyro\n"                                                                    /* 78 */
        "Hex=41 400000000000 000040000000\n"                                               /* 79 */
        "Gyro=0 1000 0 -1000 0 0\n"                                                        /* 80 */
        "Tolerance=0.01\n"                                                                 /* 81 */
        "[test battery]\n"                                                                 /* 82 */
        "Hex=42 5e01 00000000000000000000\n"                                               /* 83 */
        "Battery=50\n";                                                                    /* 84 */

static const char lines[] = "[profile good]\n"                          /* 1 */
                            "Label=good\n"                              /* 2 */
                            "[characteristics]\n"                       /* 3 */
                            "a=00000001-0000-0000-0000-000000000000\n"  /* 4 */
                            "[match]\n"                                 /* 5 */
                            "Name=Good\n"                               /* 6 */
                            "[rates]\n"                                 /* 7 */
                            "100=\n"                                    /* 8 */
                            "Default=100\n"                             /* 9 */
                            "[stream a]\n"                              /* 10 */
                            "Characteristic=a\n"                        /* 11 */
                            "Framing=lines 80\n"                        /* 12 */
                            "[packet imu]\n"                            /* 13 */
                            "Stream=a\n"                                /* 14 */
                            "Columns=tag time skip ax ay az gx gy gz\n" /* 15 */
                            "Tag=A\n"                                   /* 16 */
                            "Separator=semicolon\n"                     /* 17 */
                            "Time=s\n"                                  /* 18 */
                            "Acc=1 m/s2\n"                              /* 19 */
                            "Gyro=1 rad/s\n"                            /* 20 */
                            "[test one]\n"                              /* 21 */
                            "Packet=imu\n"                              /* 22 */
                            "Text=A;1.5;x;0;0;9.81;1;2;3\n"             /* 23 */
                            "Acc=0 0 9.81\n"                            /* 24 */
                            "Gyro=1 2 3\n"                              /* 25 */
                            "Time=1.5\n";                               /* 26 */

struct change {
        const char *from, *to; /* the first place is changed; to NULL: the line is left out */
        const char *said;      /* what must be among the faults */
};

static const struct change changes[] = {
#include "profile-faults.inc"
};

static const struct change line_changes[] = {
        {"Columns=tag time", "Columns=time", "F:13: [packet imu]: Tag= and tag in Columns= need each other"},
        {"Columns=tag time skip ax", "Columns=tag skip ax", "Time= and time in Columns= need each other"},
        {"Columns=tag time skip ax ay", "Columns=tag time skip ax",
                "Acc= and ax, ay and az in Columns= need each other"},
        {"Tag=A\n", "", "Tag= and tag in Columns= need each other"},
        {"Gyro=1 rad/s\n", "", "Gyro= and gx, gy and gz in Columns= need each other"},
        {"ax ay az", "ax ay ax", "F:15: Columns=: not understood; allowed is tag, skip, time, ax"},
        {"skip ax", "skip,skip skip skip skip skip skip skip skip skip ax",
                "F:15: Columns=: too many; at most 16 are allowed"},
        {"Columns=tag time skip ax ay az gx gy gz\n", "", "Columns= is missing"},
        {"Time=s", "Time=ns", "F:18: Time=: not understood"},
        {"Time=s", "Time=0 u32 us", "offsets, When=, Length="},
        {"Acc=1 m/s2", "Acc=0 i16 1 m/s2", "offsets, When=, Length="},
        {"Tag=A", "Length=80\nTag=A", "offsets, When=, Length="},
        {"Separator=semicolon", "Separator=;",
                "F:17: Separator=: not understood; allowed is comma, semicolon, tab or blank"},
        {"Tag=A", "Tag=abcdefghijklmnopqrstuvwxyz", "F:16: Tag=: not understood"},
        {"Framing=lines 80", "Framing=lines",
                "F:12: Framing=: not understood; allowed is message, fixed SIZE or lines"},
        {"Framing=lines 80", "Framing=lines 513", "F:12: Framing=: not understood"},
        {"Text=A;", "Text=B;", "F:21: [test one]: the line has another tag"},
        {";1;2;3\n", ";1;2\n", "F:21: [test one]: the packet contradicts itself"},
        {"Time=1.5", "Time=1.6", "F:21: [test one]: Time is 1.5; 1.6 is expected"},
        {"[test one]", "[battery]\nKind=stream\nStream=a\nWhen=0:41\nValue=1 u8 1\n[test one]",
                "lines hold no battery"},
};

/* The text with the change made. */
static char *changed(const char *text, const struct change *c) {
        const char *at = strstr(text, c->from);
        char *ret = malloc(strlen(text) + strlen(c->to) + 1);

        if (!at)
                fail_msg("'%s' is not there to be changed", c->from);
        assert_non_null(ret);
        memcpy(ret, text, (size_t) (at - text));
        strcpy(ret + (at - text), c->to);
        strcat(ret, at + strlen(c->from));
        return ret;
}

static void run(const char *text, const struct change *table, size_t n) {
        unsigned wrong = 0;

        for (size_t i = 0; i < n; i++) {
                char *bad = changed(text, &table[i]);
                struct profile *p = profile_from(bad);

                if (p || !strstr(said, table[i].said)) {
                        printf("# '%s' for '%s':\n#   wanted %s\n#   got %s\n", table[i].to, table[i].from,
                                table[i].said, p ? "a profile" : said);
                        wrong++;
                }
                profile_free(p);
                free(bad);
        }
        assert_int_equal(wrong, 0);
}

static void test_the_good_one(void **state) {
        (void) state;
        profile_free(good_text(good));
        profile_free(good_text(lines));
}

static void test_faults(void **state) {
        (void) state;
        run(good, changes, ARRAY_SIZE(changes));
}

static void test_faults_of_lines(void **state) {
        (void) state;
        run(lines, line_changes, ARRAY_SIZE(line_changes));
}

/* Without any one line, it is either still good or told; never a crash, never silence. */
static void test_every_line_left_out(void **state) {
        unsigned taken = 0, n = 0;

        (void) state;
        for (const char *at = good; *at; at = strchr(at, '\n') + 1, n++) {
                char *line = strndup(at, (size_t) (strchr(at, '\n') + 1 - at)), *less;
                struct profile *p;

                less = changed(good, &(struct change){line, "", NULL});
                p = profile_from(less);
                taken += p != NULL;
                profile_free(p);
                free(less);
                free(line);
        }
        assert_int_equal(n, 84);
        assert_in_range(taken, 20, 45);
}

/* Every byte of it changed: whatever comes, it is told or the profile keeps its promises (the fuzzer goes on here). */
static void test_every_byte_changed(void **state) {
        char *bad = strdup(good);

        (void) state;
        for (size_t i = 0; i < sizeof(good) - 1; i++)
                for (size_t k = 0; k < 4; k++) {
                        bad[i] = "9=\xff\n"[k];
                        profile_free(profile_from(bad));
                        bad[i] = good[i];
                }
        free(bad);
}

static void test_a_long_file(void **state) {
        char *text = malloc(100000);
        size_t n;

        (void) state;
        assert_non_null(text);
        strcpy(text, good);
        n = strlen(text);
        for (unsigned i = 0; i < 1100; i++)
                n += (size_t) sprintf(text + n, "[test t%u]\n", i);
        assert_null(profile_from(text));
        assert_non_null(strstr(said, "more than 1000 lines of content"));
        free(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_good_one),
                cmocka_unit_test(test_faults),
                cmocka_unit_test(test_faults_of_lines),
                cmocka_unit_test(test_every_line_left_out),
                cmocka_unit_test(test_every_byte_changed),
                cmocka_unit_test(test_a_long_file),
        };

        return run_unit_tests(tests);
}
