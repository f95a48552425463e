#!/usr/bin/env escript
%% Measures Erlang/OTP's supervisor: METRIC N prints lines METRIC VALUE UNIT.
%%
%% Children are plain processes that trap exits, as gen_servers that clean up do, and start without an answer, which is
%% the least that OTP can do. A start is over when each of them has run.
-mode(compile).
-export([init/1, start_idle/0, start_deaf/0, start_fragile/1]).

-define(GROUPS, 100).

main([Metric, Count]) ->
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    persistent_term:put(run, {atomics:new(1, []), self()}),
    Main = self(),
    spawn(fun() -> end_with_input(Main, Metric) end),
    measure(Metric, list_to_integer(Count)).

%% The program that wants the figures holds the other end.
end_with_input(Main, Metric) ->
    case {io:get_line(""), Metric} of
        {eof, "idle" ++ _} -> Main ! eof;
        {eof, _} -> halt(1);
        _ -> end_with_input(Main, Metric)
    end.

measure("flat", N) -> start_and_stop("flat", {flat, N}, N, N);
measure("deep", N) -> start_and_stop("deep", {deep, N}, 1, N);
measure("wide", N) -> start_and_stop("wide", {wide, N}, ?GROUPS * N, ?GROUPS * N);
measure("dynamic", N) ->
    {ok, Sup} = supervisor:start_link(?MODULE, dynamic),
    expect(N),
    T0 = now_ns(),
    [{ok, _} = supervisor:start_child(Sup, []) || _ <- lists:seq(1, N)],
    all_run(),
    T1 = now_ns(),
    timer:sleep(5),
    T2 = now_ns(),
    stop(Sup),
    T3 = now_ns(),
    print("dynamic.start", (T1 - T0) / N),
    print("dynamic.stop", (T3 - T2) / N);
measure("stuck", N) ->
    expect(N),
    {ok, Sup} = supervisor:start_link(?MODULE, deaf),
    Pids = [element(2, supervisor:start_child(Sup, [])) || _ <- lists:seq(1, N)],
    all_run(),
    T0 = now_ns(),
    stop(Sup),
    T1 = now_ns(),
    Alive = length([Pid || Pid <- Pids, is_process_alive(Pid)]),
    io:format("stuck.stop ~.3f ms~nstuck.alive ~b tasks~n", [(T1 - T0) / 1.0e6, Alive]);
measure("restart", N) -> restart("restart", one_for_one, N, 1, 1000);
measure("group.restart", N) -> restart("group.restart", one_for_all, N, N, 20);
measure("idle.tasks", N) ->
    expect(N),
    {ok, Sup} = supervisor:start_link(?MODULE, {flat, N}),
    all_run(),
    io:format("ready~n"),
    receive eof -> ok end,
    stop(Sup).

start_and_stop(Name, Shape, Tasks, N) ->
    expect(Tasks),
    T0 = now_ns(),
    {ok, Sup} = supervisor:start_link(?MODULE, Shape),
    all_run(),
    T1 = now_ns(),
    timer:sleep(5),
    T2 = now_ns(),
    stop(Sup),
    T3 = now_ns(),
    print(Name ++ ".start", (T1 - T0) / N),
    print(Name ++ ".stop", (T3 - T2) / N).

restart(Name, Strategy, N, Again, Rounds) ->
    expect(N),
    {ok, Sup} = supervisor:start_link(?MODULE, {fragile, Strategy, N, self()}),
    all_run(),
    Times = [fail_once(Again) || _ <- lists:seq(1, Rounds)],
    stop(Sup),
    print(Name, lists:nth(Rounds div 2, lists:sort(Times))).

fail_once(Again) ->
    Pid = receive {running, Running} -> Running end,
    expect(Again),
    T0 = now_ns(),
    Pid ! fail,
    all_run(),
    now_ns() - T0.

stop(Sup) ->
    unlink(Sup),
    Ref = monitor(process, Sup),
    exit(Sup, shutdown),
    receive {'DOWN', Ref, process, Sup, _} -> ok end.

print(Name, Nanos) -> io:format("~s ~.3f us~n", [Name, Nanos / 1000]).

now_ns() -> erlang:monotonic_time(nanosecond).

init({flat, N}) -> one_for_one([idle(I) || I <- lists:seq(1, N)]);
init({deep, 0}) -> one_for_one([idle(1)]);
init({deep, N}) -> one_for_one([supervisor(1, {deep, N - 1})]);
init({wide, N}) -> one_for_one([supervisor(I, {flat, N}) || I <- lists:seq(1, ?GROUPS)]);
init(dynamic) ->
    {ok, {#{strategy => simple_one_for_one}, [(idle(job))#{restart => temporary}]}};
init(deaf) ->
    Child = #{id => deaf, start => {?MODULE, start_deaf, []}, shutdown => 10},
    {ok, {#{strategy => simple_one_for_one}, [Child]}};
init({fragile, Strategy, N, Main}) ->
    Fragile = #{id => fragile, start => {?MODULE, start_fragile, [Main]}, shutdown => 5000},
    Flags = #{strategy => Strategy, intensity => 1000000, period => 1},
    {ok, {Flags, [idle(I) || I <- lists:seq(1, N - 1)] ++ [Fragile]}}.

one_for_one(Children) -> {ok, {#{strategy => one_for_one}, Children}}.

idle(Id) -> #{id => Id, start => {?MODULE, start_idle, []}, shutdown => 5000}.

supervisor(Id, Shape) ->
    #{id => Id, type => supervisor, start => {supervisor, start_link, [?MODULE, Shape]}, shutdown => infinity}.

start_idle() ->
    {ok, proc_lib:spawn_link(fun() ->
        process_flag(trap_exit, true),
        run(),
        receive {'EXIT', _, shutdown} -> exit(shutdown) end
    end)}.

start_deaf() ->
    {ok, proc_lib:spawn_link(fun() ->
        process_flag(trap_exit, true),
        run(),
        receive never -> ok end
    end)}.

start_fragile(Main) ->
    {ok, proc_lib:spawn_link(fun() ->
        process_flag(trap_exit, true),
        Main ! {running, self()},
        run(),
        receive
            fail -> exit(failed);
            {'EXIT', _, shutdown} -> exit(shutdown)
        end
    end)}.

%% How many processes have yet to run, and which process waits until all of them have.
expect(N) ->
    {Left, _} = persistent_term:get(run),
    atomics:put(Left, 1, N).

run() ->
    {Left, Main} = persistent_term:get(run),
    case atomics:sub_get(Left, 1, 1) of
        0 -> Main ! all_run;
        _ -> ok
    end.

all_run() -> receive all_run -> ok end.
