"""Sentences about nothing in particular, so that a table of three rows has something to compare with.

A cosine or a rare word means little by itself: how far does it stand out? A small table cannot tell, everyday language can.
"""
from functools import lru_cache

from saem.core import registry
from saem.store.sample import Sample

SENTENCES = tuple(filter(None, (line.strip() for line in """
    어제 산에 올랐더니 단풍이 곱게 물들어 있었다.
    The train to the coast leaves from platform four every morning.
    이 제품은 습기가 적고 서늘한 곳에 보관하십시오.
    She has been playing the violin since she was seven years old.
    신청서는 홈페이지에서 내려받아 작성한 뒤 제출하면 됩니다.
    Press the button for three seconds to restart the device.
    우리 팀은 다음 주 월요일에 새로운 계획을 발표할 예정이다.
    The committee will publish its report at the end of the year.
    할머니는 마당에 고추와 상추를 심으셨다.
    Add the flour slowly and stir until the dough is smooth.
    요금은 한 달에 3만 원이고 가입비는 없습니다.
    Payments are due on the first of each month and cost 40 dollars.
    이 영화는 전쟁이 끝난 뒤 고향으로 돌아온 군인의 이야기다.
    The novel tells the story of two brothers who lose a farm.
    환자는 하루 세 번 식사 후에 약을 먹어야 한다.
    Doctors advise patients to drink more water in hot weather.
    회의실은 2층 복도 끝에 있으며 열쇠는 관리실에 있습니다.
    The meeting room is on the second floor, next to the stairs.
    그 나라의 경제는 지난해 2퍼센트 성장했다.
    Prices rose by three percent last year, according to the bank.
    주문하신 상품은 영업일 기준 사흘 안에 배송됩니다.
    Your order will be shipped within five working days.
    고양이가 창가에 앉아 지나가는 새를 바라본다.
    The dog barked at the postman and ran behind the house.
    함수는 두 개의 인자를 받아 그 합을 돌려준다.
    The function returns an error if the file cannot be opened.
    법원은 계약이 무효라고 판결하였다.
    The tenant shall return the keys when the contract ends.
    경기는 오후 일곱 시에 시작하고 비가 오면 연기된다.
    The match was cancelled because of heavy rain.
    수소와 산소가 결합하면 물이 된다.
    Light travels faster than sound through the air.
    시민들은 광장에 모여 촛불을 들었다.
    The king died in 1452 and was succeeded by his nephew.
    비밀번호를 잊어버린 사용자는 전자우편으로 재설정할 수 있다.
    Users must sign in before they can change their settings.
    학생들은 도시락을 싸 가지고 박물관으로 소풍을 갔다.
    Children under twelve must be accompanied by an adult.
    문의 사항이 있으면 담당자에게 전화해 주시기 바랍니다.
    Please contact our customer service if you have any questions.
    직원은 매년 열다섯 날의 휴가를 쓸 수 있다.
    Employees are entitled to paid leave after six months.
    이 그림은 바다 위로 해가 지는 모습을 담고 있다.
    The painting shows a harbour at sunset with three boats.
    자동차 엔진 오일은 일만 킬로미터마다 갈아 준다.
    The engine needs new oil every ten thousand kilometres.
    쓰레기는 종류별로 나누어 정해진 요일에 내놓는다.
    Glass and paper are collected every other Thursday.
    연구자들은 표본 오백 개를 분석하여 결과를 비교하였다.
    The study compared two groups of patients over five years.
    위원회는 위원장 한 명과 위원 여섯 명으로 구성한다.
    The board consists of a chair and six members.
    바람이 강하게 불어 배가 모두 항구로 돌아왔다.
    The storm damaged hundreds of roofs along the river.
    이 호텔은 공항에서 걸어서 십 분 거리에 있다.
    The hotel is a short walk from the station and has a garden.
    동생은 어려서부터 별을 보는 것을 좋아했다.
    My sister wants to become an astronomer.
    서버를 다시 시작하기 전에 자료를 백업해야 한다.
    Back up your data before you install the new version.
""".splitlines())))


@lru_cache(maxsize=4)
def background(model: str | None) -> Sample:
    """The sentences as rows of a table whose vectors are the model's; words alone without a model."""
    words = [text.split() for text in registry.tokenize(SENTENCES)]
    return Sample(registry.embedder(model).passages(SENTENCES) if model else None, words)
