"""Which records are tried alone, and which one is tried no more."""

from listener.kafka.trying import TRIES, Trying


def failed(trying, first, end):
    trying.begin(first, end)
    trying.failed()


def test_what_failed_together_is_tried_one_by_one_until_all_of_it_is_taken():
    trying = Trying()
    failed(trying, 10, 12)
    assert trying.is_wary
    assert not trying.is_hopeless(10)
    trying.taken(11)
    assert trying.is_wary
    trying.taken(12)
    assert not trying.is_wary


def test_a_record_that_fails_alone_is_hopeless_in_the_end():
    trying = Trying()
    for _ in range(TRIES):
        assert not trying.is_hopeless(10)
        failed(trying, 10, 11)
    assert trying.is_hopeless(10)
    assert not trying.is_hopeless(11)


def test_a_record_that_is_not_tried_is_not_to_blame():
    trying = Trying()
    trying.begin(10, 11)
    trying.spare()
    trying.failed()
    assert not trying.is_wary
