//! The store, held to one list of behaviours on both databases.
//!
//! Every behaviour is a function that is given a fresh database; [`behaviours`] makes a test of
//! it on SQLite and one on Postgres. Postgres is Debian's package, started by [`cluster`].

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "all of this crate is tests")]

mod at_once;
mod closed_loop;
mod cluster;
mod corrections;
mod crash;
mod database;
mod imports;
mod jobs;
mod messages;
mod migrations;
mod people;
mod permits;
mod registers;
#[path = "../skipped/mod.rs"]
mod skipped;
mod surveys;
mod tickets;
mod visits;
mod work;
mod writing;

/// Makes two tests of every behaviour.
macro_rules! behaviours {
    ($($family:ident { $($name:ident,)+ })+) => {
        mod sqlite {
            $(mod $family {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    crate::$family::$name(crate::database::sqlite().await).await;
                })+
            })+
        }
        mod postgres {
            $(mod $family {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    if let Some(database) = crate::database::postgres().await {
                        crate::$family::$name(database).await;
                    }
                })+
            })+
        }
    };
}

behaviours! {
    writing {
        an_error_undoes_its_own_write_and_no_other,
        a_panic_undoes_its_own_write_and_no_other,
        writes_that_wait_together_share_a_commit_on_sqlite,
        what_was_written_is_there_after_reopening,
        a_read_sees_one_moment,
        a_read_cannot_write,
        a_commit_wakes_those_who_watch,
        a_closed_store_refuses,
        what_was_begun_is_written_though_nobody_waits_for_it_any_more,
    }
    messages {
        a_second_copy_of_the_same_message_is_ignored,
        copies_that_arrive_together_are_stored_once,
        the_same_id_on_another_channel_is_another_message,
        one_address_has_one_dialogue_even_when_it_writes_twice_at_once,
        a_dialogue_comes_back_as_it_was_saved,
        steps_of_one_dialogue_do_not_overtake_each_other,
        a_thread_shows_what_came_in_and_went_out_in_order,
        what_was_held_back_was_not_said,
        a_reader_of_a_thread_misses_nothing_while_others_write,
        a_nul_character_does_not_stop_a_message,
        the_fate_of_a_sent_message_is_kept,
        an_answer_that_was_taken_again_is_put_back_by_the_later_alone,
        messages_that_went_out_together_are_one_call,
    }
    tickets {
        a_ticket_comes_back_as_it_was_filed_and_as_it_was_changed,
        numbers_count_up_within_a_month_in_china,
        a_number_that_was_undone_is_given_again,
        numbers_have_no_gaps_and_no_twins_when_many_are_filed_at_once,
        a_ticket_changed_by_two_at_once_loses_neither_change,
        staff_and_client_on_one_ticket_do_not_deadlock,
        lists_show_what_the_filter_asks_for_and_emergencies_first,
        a_merged_ticket_leads_to_the_open_one_of_somebody_else_that_carries_on,
        history_is_numbered_and_says_who,
        media_are_attached_once,
        a_flag_is_seen_once,
        an_unseen_flag_about_the_same_is_found_however_many_are_newer,
        a_change_comes_again_under_a_higher_number,
        a_reader_of_changes_misses_none_while_others_write,
        a_bad_stored_value_is_named_by_table_column_and_row,
        a_ticket_that_is_not_there_cannot_be_changed,
    }
    work {
        a_clock_comes_back_as_it_was_started_paused_and_stopped,
        only_running_clocks_fall_due,
        a_list_begins_with_what_is_urgent_and_then_with_what_falls_due_first,
        a_ticket_has_one_open_appointment_and_keeps_the_others,
        a_link_is_found_by_its_hash_and_ends_with_its_ticket,
        load_counts_open_tickets_and_an_event_is_found_by_what_it_holds,
    }
    surveys {
        an_answer_replaces_the_earlier_one,
        a_recording_leads_to_the_response_that_was_spoken_in_it,
        a_response_keeps_its_first_completion_and_its_last_outcome,
        an_anonymous_response_knows_no_contact,
        comments_are_added_not_replaced,
        responses_are_listed_by_filter,
        a_transcript_goes_from_pending_to_heard_to_corrected,
        a_transcript_may_end_with_nothing_or_failed,
    }
    corrections {
        of_several_verdicts_the_latest_counts_and_none_is_lost,
        a_verdict_may_be_about_the_comment_of_a_response,
        what_a_person_heard_stands_beside_what_was_recognised,
        a_recording_waits_for_a_person_until_its_words_are_written_down,
        a_correction_needs_a_matter_and_somebody_who_makes_it,
    }
    closed_loop {
        the_ledger_counts_unverified_closures_apart_and_overdue_among_the_open,
        the_ledger_shows_what_was_chosen,
        a_response_begins_one_recovery_and_they_are_listed_by_deadline,
        a_second_visit_leads_back_to_its_recovery_and_is_measured,
        the_rate_of_recovery_is_counted_over_what_somebody_may_see,
        whoever_has_the_fewest_recoveries_comes_first_by_load,
        the_visits_of_a_team_come_latest_first_with_their_projects,
        the_mark_of_a_repair_is_that_of_the_fix_that_stands,
        a_quality_client_is_one_whose_latest_survey_was_good,
        reports_of_a_building_become_an_incident_with_a_number_of_its_month,
        an_offer_after_a_response_is_made_once,
        a_list_holds_what_whoever_asks_may_see,
        open_flags_are_listed_and_counted_as_the_table_of_rights_says,
        what_warned_of_a_clock_is_put_away_with_its_ticket,
    }
    people {
        a_project_and_its_units_come_back_as_they_were_stored,
        a_contact_is_bound_to_a_unit_once,
        a_contact_keeps_language_consent_and_opt_out,
        an_address_leads_to_its_contact,
        staff_log_in_by_login_and_sessions_end,
        somebody_who_may_no_longer_log_in_has_no_session,
        an_account_on_a_platform_is_one_member_of_staff,
        an_alert_is_found_by_its_message_and_an_act_is_remembered_once,
        what_came_of_telling_somebody_is_kept_with_the_flag,
        a_setting_is_replaced,
        everything_of_a_contact_goes_over_and_back,
        what_came_of_answers_and_repairs_since_goes_back_with_them,
        a_link_to_go_on_elsewhere_is_spent_once,
        people_are_found_by_the_beginning_of_name_number_or_flat,
        what_is_erased_is_empty_and_still_counts,
    }
    permits {
        a_permit_is_used_once_by_whoever_comes_first,
        a_permit_ends_at_its_time,
        reading_is_owed_once_until_it_is_begun_and_goes_on_where_it_ended,
    }
    registers {
        a_firm_is_stored_once_and_changes,
        the_firm_of_the_trade_answers_before_the_firm_for_everything,
        an_agreed_term_takes_the_place_of_the_one_before,
        many_units_are_stored_at_once_and_again,
        many_contacts_are_stored_at_once_and_keep_what_they_agreed_to,
        whoever_was_erased_or_joined_to_somebody_is_left_as_they_are_by_the_registers,
        a_project_and_a_person_change_and_the_password_stays,
    }
    visits {
        a_visit_comes_back_as_it_was_stored_and_as_it_was_changed,
        a_visit_of_a_key_exists_once,
        a_unit_is_planned_when_it_is_new_when_it_changed_and_when_its_turn_has_come,
        a_post_of_events_is_answered_once_and_forgotten_in_time,
        why_something_was_not_sent_is_kept_and_listed,
        a_region_fills_its_lists_though_others_have_more_rows_than_the_cap,
        a_file_of_a_record_leads_to_its_visit_and_to_whoever_has_its_ticket,
        an_answer_saves_the_call_that_was_to_ask_for_it_and_no_other,
        a_machine_is_found_by_its_codes_and_watched,
    }
    at_once {
        of_two_visits_of_one_person_one_is_sent_and_one_waits,
        an_answer_that_comes_while_staff_writes_the_call_down_does_not_undo_it,
        a_ticket_that_is_given_to_somebody_while_another_leaves_stays_with_them,
        of_two_readings_of_a_machine_one_brings_something_about,
        of_two_jobs_of_a_lane_one_runs_and_one_waits_for_it_even_if_its_worker_dies,
        a_setting_that_two_make_is_that_of_the_first_for_both,
        of_two_equal_posts_of_events_the_second_is_answered_as_the_first,
        of_two_who_take_one_alert_one_has_the_ticket_and_the_other_is_told,
        an_account_that_is_ended_while_it_is_changed_stays_ended,
        a_shared_fault_that_two_say_is_mended_is_told_once,
        a_machine_and_its_owner_who_report_at_once_do_not_wait_for_each_other,
        a_page_of_several_conversations_does_not_wait_in_a_ring_with_who_holds_one,
    }
    imports {
        two_imports_at_once_double_nothing,
        an_import_brings_nothing_of_somebody_back_who_is_erased_meanwhile,
        an_import_opens_no_account_that_is_ended_meanwhile,
    }
    jobs {
        a_job_with_the_same_key_is_not_taken_on_twice,
        a_job_exists_only_if_its_transaction_does,
        jobs_are_claimed_when_due_in_order,
        a_job_that_waits_for_later_is_brought_forward_and_never_put_off,
        a_row_of_recordings_or_photos_keeps_no_answer_waiting,
        what_waits_behind_another_of_its_lane_is_not_due,
        the_one_worker_of_sqlite_takes_over_at_its_start_what_it_was_killed_over,
        a_lane_runs_one_job_at_a_time_in_order,
        a_job_waiting_for_another_attempt_holds_its_lane,
        what_waits_for_another_attempt_is_hastened_but_not_before_the_pause_that_was_asked_for,
        a_reminder_for_later_does_not_hold_its_lane,
        a_worker_that_lost_its_lease_cannot_finish_the_job,
        a_renewed_lease_keeps_the_job,
        a_job_whose_worker_vanishes_on_the_last_attempt_is_claimed_once_more_to_tell_of_it,
        a_job_is_given_up_after_its_attempts_and_can_be_replayed,
        workers_that_claim_at_once_never_share_a_job_or_a_lane,
        the_runner_knows_when_there_is_next_something_to_do,
        a_thousand_done_jobs_are_swept_and_the_dead_stay,
    }
    migrations {
        migrating_again_changes_nothing,
        a_database_without_the_schema_says_so,
    }
    crash {
        nothing_acknowledged_is_lost_when_the_process_is_killed,
    }
}
