#!/usr/bin/env escript
%% Measures Erlang/OTP's supervisor: N idle children under one supervisor, started one after the other and stopped in reverse
%% order, each when the one after it is gone. Prints `otp flat.start N VALUE us` and `otp flat.stop N VALUE us`.
-mode(compile).
-export([init/1, start_child/0]).

main([Arg]) ->
    N = list_to_integer(Arg),
    process_flag(trap_exit, true),
    T0 = erlang:monotonic_time(nanosecond),
    {ok, Sup} = supervisor:start_link(?MODULE, N),
    T1 = erlang:monotonic_time(nanosecond),
    exit(Sup, shutdown),
    receive {'EXIT', Sup, _} -> ok end,
    T2 = erlang:monotonic_time(nanosecond),
    print("flat.start", N, T1 - T0),
    print("flat.stop", N, T2 - T1).

print(Name, N, Nanos) -> io:format("otp ~s ~b ~.3f us~n", [Name, N, Nanos / 1000 / N]).

init(N) ->
    Child = fun(I) -> #{id => I, start => {?MODULE, start_child, []}, shutdown => 5000} end,
    {ok, {#{strategy => one_for_one}, [Child(I) || I <- lists:seq(1, N)]}}.

start_child() -> {ok, proc_lib:spawn_link(fun() -> process_flag(trap_exit, true), receive {'EXIT', _, shutdown} -> exit(shutdown) end end)}.
